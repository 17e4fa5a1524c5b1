# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Relative links in Markdown lead to files and headings that exist, every page
of docs/ can be reached from the README, and every picture exists and has a text
for readers who cannot see it."""
import posixpath
import re

import house

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")


def prose(text):
    return re.sub(r"```.*?```", "", text, flags=re.S)


def anchors(path):
    heads = re.findall(r"^#+ (.*)$", prose(house.read(path)), re.M)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-")
            for h in heads}


def check_pictures(report, path):
    for words, link in PICTURE.findall(prose(house.read(path))):
        place = house.ROOT / posixpath.dirname(path) / link
        report.check(place.exists(), path,
                     f"shows {link}, which is not there")
        report.check(len(words.split()) > 3, path,
                     f"shows {link} without a sentence as its alt text")


def main():
    report, count, reached = house.Report("links"), 0, {}
    for path in house.files(".md"):
        reached[path] = set()
        check_pictures(report, path)
        for link in LINK.findall(prose(house.read(path))):
            if re.match(r"[a-z]+:", link):
                continue
            count += 1
            target, _, anchor = link.partition("#")
            place = posixpath.normpath(posixpath.join(
                posixpath.dirname(path), target)) if target else path
            exists = (house.ROOT / place).exists()
            report.check(exists, path, f"links to {link}, which is not there")
            if exists and anchor and place.endswith(".md"):
                report.check(anchor in anchors(place), path,
                             f"links to a heading that is not there: {link}")
            reached[path].add(place)
    seen, todo = set(), ["README.md"]
    while todo:
        page = todo.pop()
        if page not in seen:
            seen.add(page)
            todo += reached.get(page, ())
    for path in house.files(".md", under=("docs/",)):
        report.check(path in seen, path, "cannot be reached from the README")
    report.figure(f"{len(reached)} pages, {count} links")
    report.finish()


main()
