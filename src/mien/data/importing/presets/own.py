"""Any other folders: each one's name is a class."""

from mien.data.importing.source import Preset, class_folders, folders_in

FOLDERS = Preset(
    "folders",
    "a folder for each class, within train/, validation/ and test/ or without them",
    lambda root: root.is_dir() and bool(folders_in(root)),
    class_folders,
    None,
    faces_are_cut=None,
)
