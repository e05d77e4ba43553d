import { describe, expect, it } from "vitest";
import { createPredictions } from "../../../renderer/store/predictions.ts";
import { emptyState } from "../../fakes/app-states.ts";
import { FakeClock } from "../../fakes/clock.ts";

const host = emptyState(0);

function predict() {
  const clock = new FakeClock();
  const seen: boolean[] = [];
  const predictions = createPredictions(clock, () => seen.push(predictions.apply(host).wanted));
  const off = () => predictions.add((state) => ({ ...state, wanted: false }));
  const shown = () => predictions.apply(host).wanted;
  return { clock, predictions, off, shown, seen };
}

describe("what was asked for", () => {
  it("is shown at once", () => {
    const { off, shown } = predict();
    off();
    expect(shown()).toBe(false);
  });

  it("is gone at once when it failed, and the view is told", () => {
    const { off, shown, seen } = predict();
    off().failed();
    expect(shown()).toBe(true);
    expect(seen).toEqual([false, true]);
  });

  it("stays between the host's yes and the state that holds it, so that nothing flickers", () => {
    const { off, shown, predictions } = predict();
    const asked = off();
    predictions.confirmed();
    expect(shown()).toBe(false);
    asked.agreed();
    expect(shown()).toBe(false);
    predictions.confirmed();
    expect(shown()).toBe(true);
  });

  it("gives way to the host after two seconds, if its state never came to hold it", async () => {
    const { clock, off, shown } = predict();
    off().agreed();
    await clock.advance(1_999);
    expect(shown()).toBe(false);
    await clock.advance(1);
    expect(shown()).toBe(true);
  });

  it("lies on top of what was asked before it, in order", () => {
    const { predictions } = predict();
    const first = predictions.add((state) => ({ ...state, secrets: `${state.secrets} one` }));
    predictions.add((state) => ({ ...state, secrets: `${state.secrets} two` }));
    expect(predictions.apply(host).secrets).toBe("keychain one two");
    first.failed();
    expect(predictions.apply(host).secrets).toBe("keychain two");
  });
});
