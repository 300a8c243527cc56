"""One look for marks: `style` (data), `compose` (marks -> primitives) and the OpenCV painter."""
