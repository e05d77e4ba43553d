import type { Result } from "../../../shared/base/result.ts";
import type { AppMethod, AppParams, AppReplies } from "../../../shared/ipc/app.ts";

/** How requests are answered, by their names. */
export type AppHandlers<M extends AppMethod> = {
  readonly [N in M]: (params: AppParams<N>) => Promise<Result<AppReplies[N]>>;
};
