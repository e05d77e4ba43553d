import { contextBridge, ipcRenderer } from "electron";
import { exposeBridge, type PreloadParts } from "./bridge.ts";

/** A preload runs beside a page; its types are Node's all the same, because the rest of this folder's program is. */
declare const window: PreloadParts["page"];

exposeBridge({ contextBridge, ipc: ipcRenderer, page: window });
