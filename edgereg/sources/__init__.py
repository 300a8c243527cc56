"""Where frames come from: files, images, cameras and network streams."""
