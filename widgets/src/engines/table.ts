/** AG Grid Community with the modules that are used. */
import { AllCommunityModule, createGrid, ModuleRegistry, themeQuartz } from "ag-grid-community";

ModuleRegistry.registerModules([AllCommunityModule]);

export { createGrid, themeQuartz };
