"""What stands around the images: header, tools, lesions, pages."""
