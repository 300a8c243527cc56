"""Tiny copies of the field's data sets, in the layouts in which their authors hand them out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

RNG = np.random.default_rng(3)
WIDTH, HEIGHT = 120, 100


def save_picture(path: Path, width: int = WIDTH, height: int = HEIGHT) -> None:
    """A picture whose red channel rises to the right and whose green one rises downwards."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 2] = np.arange(width)
    image[..., 1] = np.arange(height)[:, None]
    cv2.imwrite(str(path), image)


def face_points(count: int) -> np.ndarray:
    """Points [count, 2] in a face of 60 px about the picture's middle, 1-based pixels."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([60 + 25 * np.cos(angle), 50 + 25 * np.sin(angle)], axis=1)


def turned(axis: str, degrees: float) -> np.ndarray:
    """A right-handed rotation about one axis, [3, 3]."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    rows = {
        "x": [[1, 0, 0], [0, c, -s], [0, s, c]],
        "y": [[c, 0, s], [0, 1, 0], [-s, 0, c]],
        "z": [[c, -s, 0], [s, c, 0], [0, 0, 1]],
    }
    return np.array(rows[axis])


def write_biwi(folder: Path) -> None:
    """Sequences 01 (test) and 02: the head turns to image left, as +yaw is in HopeNet's reading."""
    calibration = (
        "517.679 0 320 \n0 517.679 240.5 \n0 0 1 \n\n0 0 0 0 \n\n"
        "1 0 0 \n0 1 0 \n0 0 1 \n\n10 0 0 \n\n640 480\n"
    )
    for sequence in ("01", "02"):
        home = folder / "hpdb" / sequence
        home.mkdir(parents=True)
        (home / "rgb.cal").write_text(calibration)
        for frame, yaw in ((3, 0.0), (4, 30.0)):
            rows = turned("y", yaw)
            text = "".join(" ".join(f"{v:.6f}" for v in row) + " \n" for row in rows)
            (home / f"frame_{frame:05d}_pose.txt").write_text(f"{text}\n40 50 1000 \n\n")
            save_picture(home / f"frame_{frame:05d}_rgb.png", 640, 480)


def _write_mat(path: Path, pitch: float, yaw: float, roll: float, key: str) -> None:
    from scipy.io import savemat

    save_picture(path.with_suffix(".jpg"))
    pose = np.array([[pitch, yaw, roll, 10.0, 20.0, 0.0, 1e-3]], np.float32)
    points = face_points(68).T
    if key == "pt3d_68":
        points = np.concatenate([points, np.zeros((1, 68))])
    savemat(path, {"Pose_Para": pose, key: points, "roi": np.array([[1, 1, 99, 99]])})


def write_300w_lp(folder: Path) -> None:
    """Three faces, of which one has an angle over 99 degrees."""
    for name, yaw in (("AFW/AFW_1_0", 0.4), ("AFW_Flip/AFW_1_0", -0.4), ("HELEN/HELEN_2_5", 1.8)):
        _write_mat(folder / f"{name}.mat", 0.1, yaw, -0.2, "pt2d")


def write_aflw2000(folder: Path) -> None:
    """Two faces, at 23 and 46 degrees."""
    for number, yaw in ((2, 0.4), (4, 0.8)):
        _write_mat(folder / f"image{number:05d}.mat", 0.1, yaw, -0.2, "pt3d_68")


def write_cofw(folder: Path) -> None:
    """One face to train on, two to test, one of which is grey and half hidden."""
    import h5py

    folder.mkdir(parents=True, exist_ok=True)
    for name, end, shades in (("train", "Tr", ("rgb",)), ("test", "T", ("rgb", "grey"))):
        with h5py.File(folder / f"COFW_{name}_color.mat", "w") as file:
            cells = file.create_dataset(f"Is{end}", (1, len(shades)), h5py.ref_dtype)
            rows = []
            for k, shade in enumerate(shades):
                image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
                image[..., 0] = np.arange(WIDTH)
                stored = image if shade == "rgb" else image[..., 0]
                # Matlab stores columns first: what it calls [H, W, 3] lies as [3, W, H].
                file.create_dataset(f"#refs#/{end}{k}", data=stored.transpose())
                cells[0, k] = file[f"#refs#/{end}{k}"].ref
                hidden = np.arange(29) < (15 if shade == "grey" else 0)
                rows.append(np.concatenate([*face_points(29).T, hidden]))
            file.create_dataset(f"phis{end}", data=np.array(rows).T)
            file.create_dataset(f"bboxes{end}", data=np.full((4, len(shades)), 30.0))


def write_300w(folder: Path) -> None:
    """One face in each part."""
    for part in ("afw", "helen/trainset", "helen/testset", "lfpw/testset", "ibug"):
        home = folder / part
        save_picture(home / "face_1.png")
        lines = "\n".join(f"{x:.6f} {y:.6f}" for x, y in face_points(68))
        (home / "face_1.pts").write_text(f"version: 1\nn_points:  68\n{{\n{lines}\n}}\n")


def write_wflw(folder: Path) -> None:
    """Two faces of one picture to train on, and one to test: of a turned, blurred face."""
    home = folder / "WFLW_annotations" / "list_98pt_rect_attr_train_test"
    home.mkdir(parents=True)
    points = " ".join(f"{v:.6f}" for v in (face_points(98) - 1).ravel())
    save_picture(folder / "WFLW_images" / "0--Parade" / "a.jpg")
    for split, rows in (
        ("train", ("30 20 90 80 0 0 0 0 0 0", "31 20 91 80 0 0 0 0 0 0")),
        ("test", ("30 20 90 80 1 0 0 0 0 1",)),
    ):
        lines = "".join(f"{points} {row} 0--Parade/a.jpg\n" for row in rows)
        (home / f"list_98pt_rect_attr_{split}.txt").write_text(lines)


def write_aflw(folder: Path) -> None:
    """One face to train on and one to test, of a box of 60 px."""
    save_picture(folder / "images" / "0" / "a.jpg")
    names = [f"original_{k}_{axis}" for k in range(19) for axis in "xy"]
    header = ",".join(["image_path", "scale", "box_size", "center_w", "center_h", *names])
    points = ",".join(f"{v:.3f}" for v in (face_points(19) - 1).ravel())
    for name in ("train", "test", "test_frontal"):
        text = f"{header}\n0/a.jpg,0.3,60,59,49,{points}\n"
        (folder / f"face_landmarks_aflw_{name}.csv").write_text(text)


def _write_age_list(name: str, counts: dict[tuple[str, int], int]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        save_picture(folder / "pictures" / "a.jpg")
        lines = [
            f"{age},pictures/a.jpg,{split}"
            for (split, age), count in counts.items()
            for _ in range(count)
        ]
        (folder / name).write_text("age,path,split\n" + "\n".join(lines) + "\n")

    return write


SHOTS = {
    ("train", 30): 101, ("train", 50): 30, ("train", 80): 3,
    ("val", 30): 1, ("test", 30): 1, ("test", 50): 1, ("test", 80): 1,
}  # fmt: skip


def write_morph2(folder: Path) -> None:
    """Two pictures each of forty people, without a column `split`."""
    lines = ["age,path"]
    for person in range(40):
        for k in range(2):
            name = f"{person:06d}_{k}M{20 + person}.JPG"
            save_picture(folder / "Album2" / name)
            lines.append(f"{20 + person},Album2/{name}")
    (folder / "morph2.csv").write_text("\n".join(lines) + "\n")


def write_afad(folder: Path) -> None:
    """Forty pictures of two ages."""
    for age in (18, 40):
        for sex in ("111", "112"):
            for k in range(10):
                save_picture(folder / str(age) / sex / f"{k}-0.jpg")


def write_utkface(folder: Path) -> None:
    """Thirty pictures of ages 21 to 50, one of a child and one whose name lacks a number."""
    for age in range(21, 51):
        save_picture(folder / f"{age}_0_2_2017010{age}.jpg.chip.jpg")
    save_picture(folder / "5_1_0_20170109.jpg")
    save_picture(folder / "61_1_20170109142408075.jpg")


def write_coco(folder: Path) -> None:
    """One picture with a box and a crowd, and one without boxes."""
    content = {
        "images": [{"id": 7, "file_name": "a.jpg"}, {"id": 9, "file_name": "b.jpg"}],
        "categories": [{"id": 3, "name": "car"}, {"id": 1, "name": "person"}],
        "annotations": [
            {"image_id": 7, "category_id": 3, "bbox": [10, 20, 30, 40], "iscrowd": 0},
            {"image_id": 7, "category_id": 1, "bbox": [0, 0, 9, 9], "iscrowd": 1},
        ],
    }
    (folder / "annotations").mkdir(parents=True)
    for split in ("train", "val"):
        (folder / "annotations" / f"instances_{split}2017.json").write_text(json.dumps(content))
        for name in ("a.jpg", "b.jpg"):
            save_picture(folder / f"{split}2017" / name)


def write_voc(folder: Path) -> None:
    """One picture with a dog and a difficult cat."""
    one = (
        "<object><name>{}</name><difficult>{}</difficult><bndbox><xmin>11</xmin><ymin>21</ymin>"
        "<xmax>40</xmax><ymax>60</ymax></bndbox></object>"
    )
    (folder / "Annotations").mkdir(parents=True)
    text = f"<annotation>{one.format('dog', 0)}{one.format('cat', 1)}</annotation>"
    (folder / "Annotations" / "000001.xml").write_text(text)
    (folder / "ImageSets" / "Main").mkdir(parents=True)
    for split in ("train", "val", "trainval", "test"):
        (folder / "ImageSets" / "Main" / f"{split}.txt").write_text("000001\n")
    save_picture(folder / "JPEGImages" / "000001.jpg")


def write_nyud2(folder: Path) -> None:
    """A training map of 8 bits at 5 m, and a test map of 16 bits at 1.5 m."""
    for split, name, depth in (
        ("train", "data/nyu2_train/room/1", np.full((HEIGHT, WIDTH), 127.5, np.uint8)),
        ("test", "data/nyu2_test/00000", np.full((HEIGHT, WIDTH), 1500, np.uint16)),
    ):
        save_picture(folder / f"{name}.jpg")
        cv2.imwrite(str(folder / f"{name}.png"), depth)
        (folder / f"data/nyu2_{split}.csv").write_text(f"{name}.jpg,{name}.png\n")


def write_breakfast(folder: Path) -> None:
    """A video of 11 frames of person 3 and one of person 20."""
    for person in ("P03", "P20"):
        path = folder / person / "cam01" / f"{person}_cereals.avi"
        path.parent.mkdir(parents=True)
        code = cv2.VideoWriter.fourcc(*"MJPG")
        writer = cv2.VideoWriter(str(path), code, 15, (WIDTH, HEIGHT))
        for k in range(11):
            writer.write(np.full((HEIGHT, WIDTH, 3), 20 * k, np.uint8))
        writer.release()


def write_csv(folder: Path) -> None:
    """Twenty pictures with a length, one of which lacks it, and one with a box."""
    lines = ["path,length_mm,note,box_x1,box_y1,box_x2,box_y2"]
    for k in range(20):
        save_picture(folder / f"{k:02d}.png")
        length = "" if k == 7 else f"{10 + k}"
        box = "20,30,60,80" if k == 3 else ",,,"
        lines.append(f"{k:02d}.png,{length},by hand,{box}")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")


WRITERS: dict[str, Callable[[Path], None]] = {
    "biwi": write_biwi,
    "300w-lp": write_300w_lp,
    "aflw2000": write_aflw2000,
    "cofw": write_cofw,
    "300w": write_300w,
    "wflw": write_wflw,
    "aflw": write_aflw,
    "morph2": write_morph2,
    "agedb": _write_age_list("agedb.csv", SHOTS),
    "imdb-wiki": _write_age_list("imdb_wiki.csv", SHOTS),
    "afad": write_afad,
    "utkface": write_utkface,
    "coco": write_coco,
    "voc": write_voc,
    "nyud2": write_nyud2,
    "breakfast": write_breakfast,
    "csv": write_csv,
}


@pytest.fixture
def tiny_set(tmp_path: Path) -> Callable[[str], Path]:
    """tiny_set(name) writes the tiny copy of a set; returns its folder (of `csv`: the file)."""

    def write(name: str) -> Path:
        folder = tmp_path / name
        if not folder.exists():
            folder.mkdir()
            WRITERS[name](folder)
        return folder / "labels.csv" if name == "csv" else folder

    return write
