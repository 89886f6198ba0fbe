"""The program that reads the files of users: it removes metadata, and makes thumbnails and renditions.

It runs as a process of its own, with limits (`messaging.uploads.decoding`), because the files can be hostile. It
imports neither Django nor any module outside of this package, except `messaging.uploads.iso_media`.
"""
