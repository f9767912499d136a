"""Sources that lie in a database: their rows are read once, and from then on the sealed snapshot is the source.

Guarantee: the rows go from the server into a sealed file without a plain one on the way. A database is called
by `confide seal`, `run` and `check`, and only as long as no run has read its snapshot, or when somebody asks to
read it again; what a release was made from does not change behind it.
"""

from collections.abc import Iterator

from confide.records.section import SourceSection
from confide.records.sql import read_database
from confide.study.config import Study
from confide.study.index import Index
from confide.vault.custody import read_secret


def databases(study: Study) -> Iterator[SourceSection]:
    """Yield the sources of a study that lie in a database."""
    return (section for section in study.source if section.kind == "sql")


def due(study: Study, index: Index, *, again: bool = False) -> Iterator[SourceSection]:
    """Yield the databases whose rows have to be read: never sealed, or in no run yet; all of them if `again`."""
    for section in databases(study):
        sealed = section.path in index.files.get(section.name, {})
        if again or not sealed or (section.name, section.path) in index.unread:
            yield section


def read_rows(study: Study, section: SourceSection) -> bytes:
    """Return the rows of a database as they are now; raises as `confide.records.sql.read_database`."""
    secret = None if section.password_file is None else read_secret(study.folder / section.password_file)
    url, query = section.url or "", section.query or ""  # the section has refused to be without
    return read_database(section.name, url, query, folder=study.folder, password=secret)
