/** The grid in the colours and sizes of `tokens.css`. */
import type { createTheme, Theme } from "ag-grid-community";

export const ROW_HEIGHT = 28;
export const HEADER_HEIGHT = 44;

export function themeOf(create: typeof createTheme): Theme {
  return create().withParams({
    accentColor: "var(--hn-accent)",
    backgroundColor: "var(--hn-panel)",
    foregroundColor: "var(--hn-ink)",
    textColor: "var(--hn-ink)",
    borderColor: "var(--hn-line)",
    borderRadius: 0,
    browserColorScheme: "inherit",
    cellHorizontalPadding: 8,
    cellTextColor: "var(--hn-ink)",
    columnBorder: false,
    dataBackgroundColor: "var(--hn-panel)",
    focusShadow: "none",
    fontFamily: "inherit",
    fontSize: 13,
    headerBackgroundColor: "var(--hn-panel)",
    headerColumnBorder: false,
    headerColumnResizeHandleColor: "var(--hn-border)",
    headerColumnResizeHandleHeight: 16,
    headerFontSize: 11,
    headerFontWeight: 400,
    headerHeight: HEADER_HEIGHT,
    headerRowBorder: "1px solid var(--hn-edge)",
    headerTextColor: "var(--hn-ink-2)",
    oddRowBackgroundColor: "var(--hn-panel)",
    rowBorder: "1px solid var(--hn-grid)",
    rowHeight: ROW_HEIGHT,
    rowHoverColor: "var(--hn-sunk)",
    selectedRowBackgroundColor: "color-mix(in srgb, var(--hn-accent) 12%, var(--hn-panel))",
    wrapperBackgroundColor: "var(--hn-panel)",
    wrapperBorder: false,
    wrapperBorderRadius: 0,
  });
}
