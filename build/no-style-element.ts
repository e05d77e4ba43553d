/**
 * Stands in for `react-style-singleton` in the bundle (build/renderer.vite.config.ts says why): the same interface, and
 * no <style> element.
 */
export const styleSingleton = () => () => null;
export const stylesheetSingleton = () => ({ add: () => {}, remove: () => {} });
export const styleHookSingleton = () => () => {};
