"""Holds a picture of `weir graph` against what a reader needs: it is well-formed, every text is within its box or the
picture, no two boxes overlap unless one holds the other, and no two texts do.
  check_svg.py SVG [MAX_BYTES]    prints each fault; exit code 1 where there is one."""
import os
import re
import sys
import unicodedata
import xml.etree.ElementTree as ET

NS = "{http://www.w3.org/2000/svg}"
faults = []


def columns(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def main():
    path = sys.argv[1]
    root = ET.parse(path).getroot()
    width, height = (int(root.get(k)) for k in ("width", "height"))
    rects, texts = [], []
    for e in root.iter():
        if e.tag == NS + "rect" and e.get("class") != "bg":
            rects.append(tuple(int(e.get(k)) for k in ("x", "y", "width", "height")))
        if e.tag == NS + "text":
            words = "".join(e.itertext())
            kind = (e.get("class") or "").split()
            size = 20 if "h" in kind else 10.5 if "l" in kind else 11 if "s" in kind else 12
            w = columns(words) * (size * 0.604 + ("s" in kind))
            x, y = int(e.get("x")), int(e.get("y"))
            x -= {"end": w, "middle": w / 2}.get(e.get("text-anchor"), 0)
            texts.append((x, y - size * 0.8, w, size, words))
    boxes = [r for r in rects if r[2] > 12]  # but for swatches
    for t in texts:
        x, y, w, h, words = t
        if x < 0 or x + w > width or y < 0 or y + h > height:
            faults.append(f"`{words}` leaves the picture")
        mid = (x + 1, y + h / 2)
        around = [b for b in boxes if b[0] <= mid[0] <= b[0] + b[2] and b[1] <= mid[1] <= b[1] + b[3]]
        for b in around:
            if x + w > b[0] + b[2] - 4 or y + h > b[1] + b[3]:
                faults.append(f"`{words}` leaves its box")
    for i, a in enumerate(boxes):
        if a[0] < 0 or a[1] < 0 or a[0] + a[2] > width or a[1] + a[3] > height:
            faults.append(f"box {a} leaves the picture")
        for b in boxes[:i]:
            apart = a[0] >= b[0] + b[2] or b[0] >= a[0] + a[2] or a[1] >= b[1] + b[3] or b[1] >= a[1] + a[3]
            inner, outer = (a, b) if a[2] * a[3] <= b[2] * b[3] else (b, a)
            inside = all(inner[k] >= outer[k] and inner[k] + inner[k + 2] <= outer[k] + outer[k + 2] for k in (0, 1))
            if not apart and not inside:
                faults.append(f"boxes {a} and {b} overlap")
    for i, a in enumerate(texts):
        for b in texts[:i]:
            if a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] - 1 and b[1] < a[1] + a[3] - 1:
                faults.append(f"`{a[4]}` and `{b[4]}` overlap")
    source = open(path, encoding="utf-8").read()
    for wanted in ('role="img"', '<title id="t">', '<desc id="d">', "prefers-color-scheme:dark"):
        if wanted not in source:
            faults.append(f"lacks {wanted}")
    if re.search(r"(href|src|url)\s*[=(]", source):
        faults.append("needs something from elsewhere")
    if len(sys.argv) > 2 and os.path.getsize(path) > int(sys.argv[2]):
        faults.append(f"has {os.path.getsize(path)} bytes, more than {sys.argv[2]}")
    if len(boxes) < 2 or len(texts) < 4:
        faults.append("is empty")
    print("\n".join(faults))
    return 1 if faults else 0


sys.exit(main())
