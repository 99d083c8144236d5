"""Classifies the lines of standard input, with nothing but Python's own library:

python3 classify.py runs/demo/model < texts.txt
"""

import ctypes
import sys

knas = ctypes.CDLL("libknas.so.0")
knas.knas_open.restype = ctypes.c_void_p
knas.knas_open.argtypes = [
    ctypes.c_char_p,
    ctypes.c_char_p,
    ctypes.c_int32,
    ctypes.POINTER(ctypes.c_void_p),
]
knas.knas_classify.argtypes = [
    ctypes.c_void_p,
    ctypes.POINTER(ctypes.c_char_p),
    ctypes.POINTER(ctypes.c_char_p),
    ctypes.c_int64,
    ctypes.POINTER(ctypes.c_float),
    ctypes.POINTER(ctypes.c_void_p),
]
knas.knas_label.restype = ctypes.c_char_p
knas.knas_label.argtypes = [ctypes.c_void_p, ctypes.c_int32]
for function in (knas.knas_value_count, knas.knas_close, knas.knas_free):
    function.argtypes = [ctypes.c_void_p]


def fail(error):
    message = ctypes.string_at(error).decode()
    knas.knas_free(error)
    sys.exit(message)


error = ctypes.c_void_p()
classifier = knas.knas_open(sys.argv[1].encode(), None, 0, ctypes.byref(error))
if not classifier:
    fail(error)
texts = [line.rstrip("\n") for line in sys.stdin]
classes = knas.knas_value_count(classifier)
values = (ctypes.c_float * (classes * len(texts)))()
array = (ctypes.c_char_p * len(texts))(*[text.encode() for text in texts])
if knas.knas_classify(classifier, array, None, len(texts), values, ctypes.byref(error)):
    fail(error)
for row, text in enumerate(texts):
    answer = values[row * classes : (row + 1) * classes]
    best = max(range(classes), key=answer.__getitem__)
    print(knas.knas_label(classifier, best).decode(), f"{answer[best]:.3f}", text, sep="\t")
knas.knas_close(classifier)
