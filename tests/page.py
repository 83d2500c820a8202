"""A page as a browser's parser sees it: its links, ids, headings, resources and text; elements that are not closed are errors."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "link", "img", "br", "col", "hr", "input"}


class Page(HTMLParser):
    """Reads ``text``; what is wrong with it stands in ``errors``."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.headings: list[int] = []
        self.resources: list[str] = []
        self.errors: list[str] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.errors += [f"<{tag}> is not closed" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self._open.append(tag)
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "link" and given.get("rel") not in ("canonical", "alternate"):
            self.resources.append(given["href"])
        if "src" in given:
            self.resources.append(given["src"])
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append(int(tag[1]))
        if tag == "img" and "alt" not in given:
            self.errors.append("an image has no alt")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.errors.append(f"</{tag}> at {self.getpos()} closes nothing")

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def faults(text: str) -> list[str]:
    """What is wrong with a page: its markup, its ids, its headings, resources from elsewhere, links to places not on it."""
    page = Page(text)
    wrong = page.errors
    wrong += [f"id {one} stands twice" for one in set(page.ids) if page.ids.count(one) > 1]
    wrong += [f"#{one} is not on the page" for link in page.links if link[:1] == "#" and (one := link[1:]) not in page.ids]
    wrong += [f"{one} is loaded from elsewhere" for one in page.resources if not one.startswith("/static/")]
    if page.headings.count(1) != 1:
        wrong.append("there is not one h1")
    levels = zip(page.headings, page.headings[1:], strict=False)
    wrong += [f"h{after} follows h{before}" for before, after in levels if after > before + 1]
    return wrong
