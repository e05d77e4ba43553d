import { figureOf, type Metric, metrics, type Results } from "./samples.ts";
import { median } from "./statistics.ts";
import { short } from "./table.ts";

/** What the product is to reach, and what a run says of it. */
export interface Goal {
  readonly about: string;
  readonly goal: string;
  /** What was measured, in words; absent where the run did not measure it. */
  readonly measured?: string;
  readonly met?: boolean;
}

type Judged = Omit<Goal, "about" | "goal">;

/** Goals are judged by the lane that people get: media where it was measured. */
const OWN = ["ours-media", "ours-packets"];
const NOT_MEASURED: Judged = {};

export function goals(results: Results): readonly Goal[] {
  const own = OWN.find((name) =>
    results.samples.some(({ program, workload }) => program === name && workload === "memory"),
  );
  const judge = judgeOf(results, own ?? "ours-media");
  return [
    { about: "TCP one stream, clean", goal: "≥ 1.5 × wireguard-go, ahead of nebula", ...judge.oneStream() },
    { about: "TCP eight streams, clean", goal: "≥ one stream", ...judge.eightStreams() },
    { about: "20 ms, 1 % loss, BBR", goal: "≥ 0.95 × no VPN, ahead of every other", ...judge.lossy() },
    { about: "20 ms, no loss, cubic", goal: "≥ 0.9 × no VPN, or 1 Gbit/s", ...judge.delayed("cubic") },
    { about: "20 ms, no loss, BBR", goal: "≥ 0.9 × no VPN, or 1 Gbit/s", ...judge.delayed("bbr") },
    { about: "processor time, both sides", goal: "≤ 6 s/GB", ...judge.processorTime() },
    { about: "ping, idle", goal: "adds < 0.25 ms on average; p99 < 0.8 ms", ...judge.idlePing() },
    { about: "ping beside TCP, 100 Mbit/s, cubic", goal: "adds < 15 ms", ...judge.loadedPing("cubic") },
    { about: "ping beside TCP, 100 Mbit/s, BBR", goal: "adds < 15 ms", ...judge.loadedPing("bbr") },
    { about: "UDP, 1200 bytes", goal: "≥ 100,000 packets/s, loss < 0.1 %", ...judge.packets() },
    { about: "packets channel alone, clean", goal: "≥ 900 Mbit/s", ...judge.packetsLane() },
  ];
}

function judgeOf(results: Results, own: string) {
  const value = (program: string, link: string, workload: string, name = "mbit") =>
    figureOf(results, { link, program }, metricOf(workload, name))?.median;
  const others = results.programs.filter(({ name, ours }) => !ours && !name.startsWith("no-"));
  /** Round by round, as every ratio. */
  const ratio = (program: string, link: string, workload: string) =>
    figureOf({ ...results, reference: program }, { link, program: own }, metricOf(workload, "mbit"))?.ratio;
  return {
    oneStream(): Judged {
      const [wireguard, nebula] = [
        ratio("wireguard-go", "clean", "tcp1/cubic"),
        ratio("nebula", "clean", "tcp1/cubic"),
      ];
      if (wireguard === undefined || nebula === undefined) return NOT_MEASURED;
      const measured = `${short(wireguard)} × wireguard-go, ${short(nebula)} × nebula`;
      return { measured, met: wireguard >= 1.5 && nebula > 1 };
    },
    eightStreams(): Judged {
      const [one, eight] = [value(own, "clean", "tcp1/cubic"), value(own, "clean", "tcp8/cubic")];
      if (one === undefined || eight === undefined) return NOT_MEASURED;
      return { measured: `${short(eight / one)} × one stream`, met: eight >= one };
    },
    lossy(): Judged {
      const where = ["20ms-1%", "tcp1/bbr"] as const;
      const plain = ratio("no-vpn", ...where);
      if (plain === undefined) return NOT_MEASURED;
      const best = Math.min(...others.flatMap(({ name }) => ratio(name, ...where) ?? []));
      const ahead = Number.isFinite(best) ? `, ${short(best)} × the best other` : "";
      return { measured: `${short(plain)} × no VPN${ahead}`, met: plain >= 0.95 && best > 1 };
    },
    delayed(congestion: string): Judged {
      const plain = ratio("no-vpn", "20ms", `tcp1/${congestion}`);
      const mbit = value(own, "20ms", `tcp1/${congestion}`);
      if (plain === undefined || mbit === undefined) return NOT_MEASURED;
      return { measured: `${short(plain)} × no VPN, ${short(mbit)} Mbit/s`, met: plain >= 0.9 || mbit >= 1000 };
    },
    processorTime(): Judged {
      const seconds = value(own, "clean", "tcp1/cubic", "cpu");
      return seconds === undefined ? NOT_MEASURED : { measured: `${short(seconds)} s/GB`, met: seconds <= 6 };
    },
    idlePing(): Judged {
      const [with_, p99] = [value(own, "clean", "ping", "average"), value(own, "clean", "ping", "p99")];
      const without = value("no-vpn", "clean", "ping", "average");
      if (with_ === undefined || p99 === undefined || without === undefined) return NOT_MEASURED;
      const added = with_ - without;
      return { measured: `adds ${short(added)} ms, p99 ${short(p99)} ms`, met: added < 0.25 && p99 < 0.8 };
    },
    loadedPing(congestion: string): Judged {
      const added = addedByLoad(results, own, `ping-load/${congestion}`);
      return added === undefined ? NOT_MEASURED : { measured: `adds ${short(added)} ms`, met: added < 15 };
    },
    packets(): Judged {
      const rate = value(own, "clean", "udp1200", "packets");
      return rate === undefined ? NOT_MEASURED : { measured: `${short(rate)} packets/s`, met: rate >= 100_000 };
    },
    packetsLane(): Judged {
      const mbit = value("ours-packets", "clean", "tcp1/cubic");
      return mbit === undefined ? NOT_MEASURED : { measured: `${short(mbit)} Mbit/s`, met: mbit >= 900 };
    },
  };
}

/** What the load adds to the same program's idle ping on the bottleneck: each round by itself, then the median. */
function addedByLoad({ samples }: Results, own: string, workload: string): number | undefined {
  const mine = samples.filter(({ link, program }) => link === "100mbit" && program === own);
  const added = mine.flatMap((sample) => {
    const idle = mine.find(({ round, workload: other }) => round === sample.round && other === "ping")?.values?.average;
    const loaded = sample.workload === workload ? sample.values?.average : undefined;
    return idle === undefined || loaded === undefined ? [] : [loaded - idle];
  });
  return added.length > 0 ? median(added) : undefined;
}

function metricOf(workload: string, value: string): Metric {
  const metric = metrics.find((one) => one.workload === workload && one.value === value);
  if (!metric) throw new RangeError(`there is no metric ${workload} ${value}`);
  return metric;
}
