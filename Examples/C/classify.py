"""Classifies the lines of standard input, with nothing but Python's own library; with a share of them that may be answered
wrong, only those of which one class remains, and that are like those of training:

python3 classify.py runs/demo/model < texts.txt
python3 classify.py runs/demo/model 0.05 < texts.txt
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
knas.knas_assess.argtypes = [
    *knas.knas_classify.argtypes[:4],
    ctypes.c_double,
    ctypes.POINTER(ctypes.c_float),
    ctypes.POINTER(ctypes.c_uint8),
    ctypes.POINTER(ctypes.c_double),
    ctypes.POINTER(ctypes.c_double),
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
sets = (ctypes.c_uint8 * len(values))()
familiarities = (ctypes.c_double * len(texts))()
abstain = float(sys.argv[2]) if len(sys.argv) > 2 else None
if abstain is None:
    failed = knas.knas_classify(classifier, array, None, len(texts), values, ctypes.byref(error))
else:
    failed = knas.knas_assess(
        *(classifier, array, None, len(texts), abstain, values, sets, None, familiarities),
        ctypes.byref(error),
    )
if failed:
    fail(error)
for row, text in enumerate(texts):
    answer = values[row * classes : (row + 1) * classes]
    best = max(range(classes), key=answer.__getitem__)
    label = knas.knas_label(classifier, best).decode()
    remain = sum(sets[row * classes : (row + 1) * classes])
    if abstain is not None and (remain != 1 or familiarities[row] <= 0.05):
        label = "?"
    print(label, f"{answer[best]:.3f}", text, sep="\t")
knas.knas_close(classifier)
