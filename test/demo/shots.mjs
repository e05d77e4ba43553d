// @ts-check
/**
 * The gallery's pictures: which situation (situations.ts), where in the window, what to do first, how large, which theme.
 *
 * @typedef {object} Shot
 * @property {string} name
 * @property {string} situation
 * @property {string} place the fragment
 * @property {{width: number, height: number}} size
 * @property {string} theme
 * @property {string} language
 * @property {number} [waitMs]
 * @property {(page: import("playwright").Page) => Promise<void>} [act]
 */

/** Rooms of test/fakes/app-states.ts. */
const HOME = "#/room/7c2e9a40b1d85f36";
const CROWD = "#/room/00d1ce5ca1ab1e42";

const wide = { width: 1440, height: 900 };
/** The desktop app's window when it is first opened. */
const normal = { width: 900, height: 640 };
const narrow = { width: 360, height: 740 };
const smallest = { width: 320, height: 568 };

/**
 * @param {string} name
 * @param {string} situation
 * @param {Partial<Shot>} [more]
 * @returns {Shot}
 */
const shot = (name, situation, more = {}) => ({
  name,
  situation,
  place: "#/rooms",
  size: normal,
  theme: "light",
  language: "en",
  ...more,
});

/** Until figures have moved. */
const A_WHILE_MS = 1_500;

/**
 * @param {RegExp | string} name
 * @returns {(page: import("playwright").Page) => Promise<void>}
 */
const click = (name) => (page) => page.getByRole("button", { name }).filter({ visible: true }).first().click();

/** @param {string} trigger @param {string} item */
const choose = (trigger, item) => async (/** @type {import("playwright").Page} */ page) => {
  await click(trigger)(page);
  await page.getByRole("menuitem", { name: item }).click();
};

/** Every screen once in each of these. */
const looks = [
  { suffix: "", theme: "light", size: normal },
  { suffix: "-dark", theme: "dark", size: normal },
  { suffix: "-narrow", theme: "light", size: narrow },
  { suffix: "-wide-dark", theme: "dark", size: wide },
];

/**
 * @param {string} name
 * @param {string} situation
 * @param {Partial<Shot>} [more]
 */
const inEveryLook = (name, situation, more = {}) =>
  looks.map(({ suffix, ...look }) => shot(`${name}${suffix}`, situation, { ...look, ...more }));

/** Doors, keys and rules: in every look, and from right to left. */
function trust() {
  const compare = choose("Menu for Ben", "Compare words…");
  const reach = choose("Menu for Ben", "What Ben may reach…");
  const arabic = { place: HOME, language: "ar" };
  const menu =
    (/** @type {string | RegExp} */ name, /** @type {number} */ nth) =>
    async (/** @type {import("playwright").Page} */ page) => {
      await click(name)(page);
      await page.getByRole("menuitem").nth(nth).click();
    };
  return [
    ...inEveryLook("door", "door", { place: HOME, waitMs: A_WHILE_MS }),
    shot("door-smallest", "door", { place: HOME, size: smallest }),
    shot("door-arabic", "door", { ...arabic, waitMs: A_WHILE_MS }),
    shot("door-arabic-narrow", "door", { ...arabic, size: narrow }),
    shot("door-contrast", "door", { place: HOME, theme: "contrast" }),
    shot("door-rooms", "door"),
    shot("door-others", "door-others", { place: "#/room/studio-berlin" }),
    ...inEveryLook("waiting", "waiting", { place: HOME }),
    shot("waiting-arabic", "waiting", arabic),
    shot("waiting-smallest", "waiting", { place: HOME, size: smallest }),
    shot("waiting-nobody", "outside", { place: HOME }),
    ...inEveryLook("changed-key", "changed-key", { place: HOME, waitMs: A_WHILE_MS }),
    shot("changed-key-arabic", "changed-key", arabic),
    ...inEveryLook("compare", "door", { place: HOME, act: compare }),
    shot("compare-smallest", "door", { place: HOME, size: smallest, act: compare }),
    shot("compare-done", "door", { place: HOME, act: choose("Menu for Ana Souza", "Compare words…") }),
    shot("compare-differ", "door", {
      place: HOME,
      act: async (page) => {
        await compare(page);
        await click("They don’t match")(page);
      },
    }),
    shot("compare-own", "door", { place: HOME, act: choose("Menu for Maya", "Your words…") }),
    ...inEveryLook("reach", "door", { place: HOME, act: reach }),
    shot("reach-smallest", "door", { place: HOME, size: smallest, act: reach }),
    ...inEveryLook("room-settings", "door", { place: HOME, act: choose("Room menu", "Room settings") }),
    shot("room-settings-smallest", "door", { place: HOME, size: smallest, act: choose("Room menu", "Room settings") }),
    shot("room-settings-member", "door", { place: "#/room/studio-berlin", act: click("Sealed") }),
    shot("room-settings-open", "door", {
      place: HOME,
      act: async (page) => {
        await click("Sealed")(page);
        await page.getByRole("switch", { name: "Sealed room" }).click();
      },
    }),
    shot("room-settings-ports", "door", {
      place: HOME,
      act: async (page) => {
        await click("Sealed")(page);
        await page.getByLabel("Members may reach here").selectOption("ports");
      },
    }),
    ...inEveryLook("activity-trust", "trust-activity", { place: "#/activity" }),
    shot("activity-trust-arabic", "trust-activity", { place: "#/activity", language: "ar" }),
    shot("hand-over", "door", { place: HOME, act: choose("Menu for Ben", "Hand the room over…") }),
    shot("member-menu-smallest", "home", { place: HOME, size: smallest, act: click("Menu for Ana Souza") }),
    shot("member-menu-owner", "door", { place: HOME, act: click("Menu for Ana Souza") }),
    shot("room-settings-arabic", "door", { ...arabic, act: menu("قائمة الغرفة", 1) }),
    shot("compare-arabic", "door", { ...arabic, act: menu(/قائمة .*Ben/, 4) }),
    shot("reach-arabic", "door", { ...arabic, act: menu(/قائمة .*Ben/, 5) }),
    shot("create-arabic", "home", { language: "ar", act: click("غرفة جديدة") }),
    shot("create-smallest", "home", { size: smallest, act: click("New room") }),
    shot("invite-waiting", "waiting", { place: HOME, act: click("Invite") }),
    shot("invite-open", "open-room", { place: HOME, act: click("Invite") }),
    shot("invite-arabic", "home", { ...arabic, act: click("دعوة") }),
    shot("room-open", "open-room", {
      place: HOME,
      act: (page) => page.getByRole("button", { name: "Open", exact: true }).hover(),
    }),
    shot("create-open", "home", {
      act: async (page) => {
        await click("New room")(page);
        await page.getByRole("switch", { name: "Sealed room" }).click();
      },
    }),
    shot("join-sealed", "home", {
      act: async (page) => {
        await click("Join a room")(page);
        const key = "k".repeat(43);
        const link = `govpn://join/5ca1ab1e00d1ce42?server=ws://192.168.1.20:8080&name=LAN%20party#k=${key}&o=${key.slice(0, 22)}`;
        await page.getByLabel("Link or room id").fill(link);
      },
    }),
  ];
}

/** The pages beside the rooms: in every look, from right to left, and what the doctor says in every language. */
function pages() {
  const tall = { width: 900, height: 1_250 };
  const tab = (/** @type {number} */ nth) => (/** @type {import("playwright").Page} */ page) =>
    page.getByRole("tab").nth(nth).click();
  const settings = ["general", "server", "notifications", "network", "backup"];
  const palette = (/** @type {import("playwright").Page} */ page) => page.keyboard.press("Control+k");
  return [
    ...["activity", "diagnostics", "about"].flatMap((name) => [
      ...inEveryLook(name, "home", { place: `#/${name}`, waitMs: A_WHILE_MS }),
      shot(`${name}-arabic-narrow`, "home", { place: `#/${name}`, language: "ar", size: narrow }),
    ]),
    ...["en", "de", "es", "fr", "pt-BR", "ja", "zh-CN", "ar"].map((language) =>
      shot(`diagnostics-${language}`, "home", { place: "#/diagnostics", language, size: tall, waitMs: A_WHILE_MS }),
    ),
    ...settings.flatMap((name, nth) => [
      ...inEveryLook(`settings-${name}`, "home", { place: "#/settings", act: tab(nth) }),
      shot(`settings-${name}-arabic`, "home", { place: "#/settings", language: "ar", act: tab(nth) }),
    ]),
    ...inEveryLook("palette", "home", { act: palette }),
    shot("palette-arabic", "home", { language: "ar", act: palette }),
  ];
}

/** @type {readonly Shot[]} */
export const shots = [
  ...inEveryLook("first-run", "first-run"),
  ...inEveryLook("rooms", "home"),
  ...inEveryLook("rooms-empty", "empty"),
  ...inEveryLook("room", "home", { place: HOME, waitMs: A_WHILE_MS }),
  ...inEveryLook("create", "home", { act: click("New room") }),
  ...inEveryLook("join", "home", { act: click("Join a room") }),
  ...inEveryLook("invite", "home", { place: HOME, act: click("Invite") }),
  ...inEveryLook("link", "link"),
  ...inEveryLook("link-sealed", "link-sealed"),
  ...trust(),
  ...pages(),
  shot("first-run-url-silent", "first-run", {
    size: { width: 900, height: 960 },
    act: async (page) => {
      await page.getByRole("radio", { name: "A server you know" }).click();
      await page.getByLabel("Address of the server").fill("wss://nowhere.test");
      await page.waitForTimeout(1_000);
    },
  }),
  shot("first-run-url", "first-run", {
    size: { width: 900, height: 900 },
    act: async (page) => {
      await page.getByRole("radio", { name: "A server you know" }).click();
      await page.getByLabel("Address of the server").fill("wss://vpn.example.org");
      await page.waitForTimeout(1_000);
    },
  }),
  shot("room-crowd", "crowd", { place: CROWD, waitMs: A_WHILE_MS }),
  shot("room-crowd-narrow", "crowd", { place: CROWD, size: narrow, waitMs: A_WHILE_MS }),
  shot("room-crowd-smallest", "crowd", { place: CROWD, size: smallest, waitMs: A_WHILE_MS }),
  shot("room-crowd-wide", "crowd", { place: CROWD, size: wide, waitMs: A_WHILE_MS }),
  shot("room-contrast", "home", { place: HOME, theme: "contrast", waitMs: A_WHILE_MS }),
  shot("room-arabic", "home", { place: HOME, language: "ar", waitMs: A_WHILE_MS }),
  shot("room-arabic-narrow", "home", { place: HOME, language: "ar", size: narrow, waitMs: A_WHILE_MS }),
  shot("room-german", "home", { place: HOME, language: "de", waitMs: A_WHILE_MS }),
  shot("room-japanese", "home", { place: HOME, language: "ja", waitMs: A_WHILE_MS }),
  shot("room-alone", "home", { place: "#/room/quiet" }),
  shot("room-entering", "entering", { place: HOME }),
  shot("room-missing", "home", { place: "#/room/gone" }),
  shot("room-off", "off", { place: HOME }),
  shot("room-server-lost", "server-lost", { place: HOME, waitMs: A_WHILE_MS }),
  shot("room-server-lost-dark", "server-lost", { place: HOME, theme: "dark", waitMs: A_WHILE_MS }),
  shot("room-program-lost", "program-lost", { place: HOME }),
  shot("room-rights", "rights", { place: HOME, waitMs: A_WHILE_MS }),
  shot("room-rights-narrow", "rights", { place: HOME, size: narrow }),
  shot("room-rights-command", "rights-command", { place: HOME }),
  shot("room-rights-command-dark", "rights-command", { place: HOME, theme: "dark" }),
  shot("room-rights-unsupported", "rights-unsupported", { place: HOME }),
  shot("room-menu", "home", { place: HOME, act: click("Room menu") }),
  shot("member-menu", "home", { place: HOME, act: click("Menu for Ana Souza") }),
  shot("member-menu-dark", "home", { place: HOME, theme: "dark", act: click("Menu for Ana Souza") }),
  shot("member-path", "home", { place: HOME, act: (page) => page.getByRole("button", { name: /Relayed/ }).hover() }),
  shot("rename", "home", { place: HOME, act: choose("Room menu", "Rename") }),
  shot("kick", "home", { place: HOME, act: choose("Menu for Ben", "Remove…") }),
  shot("ban", "home", { place: HOME, act: choose("Menu for Ben", "Ban…") }),
  shot("leave-owner", "home", { place: HOME, act: choose("Room menu", "Close for everybody") }),
  shot("leave-member", "home", { place: "#/room/studio-berlin", act: choose("Room menu", "Leave") }),
  shot("invite-local", "local-server", { place: HOME, act: click("Invite") }),
  shot("invite-local-narrow", "local-server", { place: HOME, size: narrow, act: click("Invite") }),
  shot("create-invalid", "home", {
    act: async (page) => {
      await click("New room")(page);
      await page.getByRole("textbox", { name: "PIN" }).fill("12");
      await page.getByRole("button", { name: "Create" }).click();
    },
  }),
  shot("join-link", "home", {
    act: async (page) => {
      await click("Join a room")(page);
      const link = "govpn://join/5ca1ab1e00d1ce42?server=wss://vpn.example.org&name=LAN%20party";
      await page.getByLabel("Link or room id").fill(link);
    },
  }),
  shot("join-refused", "home", {
    act: async (page) => {
      await click("Join a room")(page);
      await page.getByLabel("Link or room id").fill("5ca1ab1e00d1ce42");
      await page.getByLabel("PIN").fill("0000");
      await page.getByRole("button", { name: "Join", exact: true }).click();
    },
  }),
  shot("toast", "home", { place: HOME, act: choose("Menu for Ana Souza", "Ping") }),
  shot("link-foreign", "link-foreign"),
  shot("link-refused", "link-refused"),
  shot("starting", "starting"),
  shot("no-program", "no-program"),
  shot("signed-out", "signed-out"),
  shot("signed-out-dark", "signed-out", { theme: "dark" }),
];
