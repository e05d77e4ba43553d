/**
 * What every answer of the UI's server carries. Nothing is allowed but the page's own files and its own socket; no other
 * site may frame, open or embed it, and it says nowhere where it came from.
 * @param hosts `name:port` under which the page may be open; old Safari does not take 'self' for their WebSockets
 */
export function securityHeaders(hosts: readonly string[]): Readonly<Record<string, string>> {
  return {
    "Content-Security-Policy": [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self'",
      "font-src 'self'",
      `connect-src 'self' ${hosts.map((host) => `ws://${host}`).join(" ")}`,
      "manifest-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join("; "),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Origin-Agent-Cluster": "?1",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), usb=()",
  };
}
