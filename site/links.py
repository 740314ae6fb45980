"""Links between files of the repository, as links between pages of the site."""

import re
import shutil
from pathlib import Path

_LINK = re.compile(r"(?P<mark>!?)\[(?P<text>[^\[\]]*)\]\((?P<target>[^()\s]+)\)")
_CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)
PICTURES = {".jpg", ".png", ".svg", ".gif", ".webp"}


class Links:
    """Where the files of a repository are on the site.

    Args:
        root: The repository.
        pages: The site's pages, by the path of the file that each is made from, relative to the repository.
        folder: Where the site's pages lie; pictures that they show are copied there.
    """

    def __init__(self, root: Path, pages: dict[str, str], folder: Path) -> None:
        self._root, self._pages, self._folder = root, pages, folder

    def rewritten(self, text: str, source: str) -> str:
        """A page's text with its links leading to pages of the site.

        What is on no page is named by its path in the repository instead.

        Args:
            text: Markdown.
            source: The file that it stands in, relative to the repository.

        Raises:
            ValueError: A link leads to no file.
        """
        parts = _CODE.split(text)
        parts[::2] = [_LINK.sub(lambda link: self._link(link, source), part) for part in parts[::2]]
        return "".join(parts)

    def _link(self, link: re.Match[str], source: str) -> str:
        target, _, anchor = link["target"].partition("#")
        if not target or ":" in target:
            return link[0]
        path = (self._root / source).parent.joinpath(target).resolve()
        if not path.exists():
            raise ValueError(f"{source}: no such file: {target}")
        place = path.relative_to(self._root).as_posix()
        if page := self._pages.get(place):
            return f"{link['mark']}[{link['text']}]({page}{f'#{anchor}' if anchor else ''})"
        if path.suffix in PICTURES:
            copied = self._folder / "pictures" / path.name
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copied)
            return f"{link['mark']}[{link['text']}](pictures/{path.name})"
        return link["text"] if link["text"].strip("`/") == place else f"{link['text']} (`{place}`)"
