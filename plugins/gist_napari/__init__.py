"""The napari plugin: windows and mouse, no maths, no file formats."""
