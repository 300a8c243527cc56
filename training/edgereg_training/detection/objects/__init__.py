"""Detectors of any classes, trained on boxes in COCO's or Pascal VOC's format."""
