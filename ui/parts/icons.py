"""The few line icons of the pages, drawn as inline SVG so that nothing has to be fetched."""

from __future__ import annotations

_PATHS = {
    "send": '<path d="M4 12 20 4l-5 16-3.5-6.5z"/>',
    "person": '<circle cx="12" cy="8" r="3.5"/><path d="M5 20c.6-4 3.4-6 7-6s6.4 2 7 6"/>',
    "spark": '<path d="M12 4v4m0 8v4m8-8h-4M8 12H4m11-5 2-2M7 17l2-2m6 0 2 2M7 7l2 2"/>',
    "moon": '<path d="M19 14.5A7.5 7.5 0 0 1 9.5 5a7.5 7.5 0 1 0 9.5 9.5z"/>',
    "download": '<path d="M12 4v11m-4-4 4 4 4-4M5 20h14"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "close": '<path d="m6 6 12 12M18 6 6 18"/>',
    "end": '<path d="M14 5h5v14h-5M10 8l-4 4 4 4M6 12h9"/>',
    "chevron": '<path d="m9 6 6 6-6 6"/>',
    "up": '<path d="M7 11v9H4v-9zm0 0 4-7c1.5 0 2.3 1 2 2.5L12.5 10H19'
    'c1 0 1.6.9 1.4 1.9l-1.3 6.5c-.2 1-1 1.6-2 1.6H7"/>',
    "down": '<path d="M17 13V4h3v9zm0 0-4 7c-1.5 0-2.3-1-2-2.5L11.5 14H5'
    'c-1 0-1.6-.9-1.4-1.9l1.3-6.5c.2-1 1-1.6 2-1.6H17"/>',
    "search": '<circle cx="11" cy="11" r="6"/><path d="m16 16 4 4"/>',
    "inbox": '<path d="M4 13 7 5h10l3 8v6H4zm0 0h5l1.5 2.5h3L15 13h5"/>',
    "book": '<path d="M5 5c3-1 5-1 7 .7C14 4 16 4 19 5v13c-3-1-5-1-7 .7-2-1.7-4-1.7-7-.7zm7 .7V19"/>',
    "clock": '<circle cx="12" cy="12" r="8"/><path d="M12 7.5V12l3 2"/>',
    "check": '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
    "alert": '<path d="M12 4 3 19.5h18zM12 10v4m0 2.5v.2"/>',
    "lock": '<rect x="6" y="11" width="12" height="8.5" rx="1.5"/><path d="M8.5 11V8a3.5 3.5 0 0 1 7 0v3"/>',
    "file": '<path d="M7 4h7l4 4v12H7zm7 0v4h4"/>',
    "bell": '<path d="M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5h4"/>',
    "note": '<path d="M5 5h14v9l-5 5H5zm9 14v-5h5"/>',
    "keyboard": '<rect x="3.5" y="7" width="17" height="10.5" rx="2"/>'
    '<path d="M7 10.5h.1m3.2 0h.1m3.2 0h.1m3.2 0h.1M8 14h8"/>',
    "pin": '<path d="M9 4h6l-1 6 3.5 3.5h-11L10 10zm3 9.5V20"/>',
    "upload": '<path d="M12 16V5m-4 4 4-4 4 4M5 19.5h14"/>',
    "leave": '<path d="M10 5H5v14h5m4-11 4 4-4 4m4-4H9"/>',
}


def icon(name: str) -> str:
    """A 20-pixel line icon; hidden from screen readers, so its button needs words of its own."""
    return (
        '<svg class="icon" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" '
        'stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">'
        f"{_PATHS[name]}</svg>"
    )
