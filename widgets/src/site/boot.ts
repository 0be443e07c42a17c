/** What the server tells a page about itself, and the addresses that follow from it. */
import type { StudyKey, StudyPages } from "../browser/source.ts";

export interface Boot {
  /** Where all addresses begin: `/hpo`, behind a proxy with more before it. */
  base: string;
  page: "browser" | "study" | "compare";
  /** The storage and name of a page about one study. */
  alias?: string | null;
  study?: string;
  /** The studies of a page that compares some, as its address names them. */
  studies?: string[];
  /** All storages; passwords are left out of addresses. */
  places: { alias: string; address: string }[];
  readOnly: boolean;
  /** Whether what the page is about is not there, or could not be read. */
  missing: boolean;
  /** Whether the page may have a kernel. */
  kernel: boolean;
  /** Why it has none now; empty where it gets one. */
  refused: string;
  /** Addresses of the static files. */
  static: Record<"plots.js" | "table.js", string>;
}

/** Read it from the page. */
export function readBoot(): Boot {
  return JSON.parse(document.getElementById("highnoon-page")!.textContent!) as Boot;
}

export class Addresses implements StudyPages {
  private readonly boot: Boot;

  constructor(boot: Boot) {
    this.boot = boot;
  }

  get browser(): string {
    return this.boot.base;
  }

  get studies(): string {
    return `${this.boot.base}/api/studies`;
  }

  /** The storage of a page about one study, unless several storages were searched for it. */
  get place(): Boot["places"][number] | undefined {
    const { alias, places } = this.boot;
    return places.length === 1 ? places[0] : places.find((place) => place.alias === alias);
  }

  /** The page of a study. */
  study({ storage, name }: StudyKey): string {
    return `${this.boot.base}/${this.path(storage, name)}`;
  }

  /** Where scripts find a study: `changes`, `best`, `trials.csv`. */
  of({ storage, name }: StudyKey, what: string): string {
    return `${this.boot.base}/api/${this.path(storage, name)}/${what}`;
  }

  /** The page that compares studies. */
  compare(studies: StudyKey[]): string {
    const named = studies.map(({ storage, name }) =>
      [...this.aliasOf(storage), name].map(encodeURIComponent).join("/"),
    );
    return `${this.boot.base}/compare?${named.map((name) => `study=${encodeURIComponent(name)}`).join("&")}`;
  }

  /** The studies that the address of this page names. */
  compared(): StudyKey[] {
    return (this.boot.studies ?? []).map((named) => {
      const [name, alias] = named.split("/", 2).reverse().map(decodeURIComponent);
      return { storage: alias ?? this.boot.places[0]?.alias ?? "", name };
    });
  }

  private path(storage: string, name: string): string {
    return [...this.aliasOf(storage), "study", name].map(encodeURIComponent).join("/");
  }

  /** A storage's alias says which study is meant where there are several. */
  private aliasOf(storage: string): string[] {
    return this.boot.places.length > 1 && storage ? [storage] : [];
  }
}
