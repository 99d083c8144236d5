"""Prints, in base64, the safetensors file that SafetensorsTests.swift holds as a literal.

Needs numpy, ml_dtypes and safetensors 0.8 or later. Run: python3 safetensors_golden.py
With an argument: reads that safetensors file with the reference implementation and lists it.
"""

import base64
import sys
import textwrap

import ml_dtypes  # noqa: F401  (teaches numpy the name bfloat16)
import numpy as np
import safetensors
from safetensors.numpy import load_file


def golden() -> bytes:
    values = [0.0, -0.0, 1.5, -2.0, 65504.0, 6e-8, np.inf, -np.inf]
    f32 = np.array(values, dtype="<f4")
    tensors = {
        "f64": ("float64", [2, 2], np.array([[0.1, -1e300], [1e-300, 3.0]], dtype="<f8")),
        "f32": ("float32", [2, 4], f32),
        "f16": ("float16", [8], f32.astype("<f2")),
        # The upper half of a float32 is a bfloat16.
        "bf16": ("bfloat16", [4, 2], (f32.view("<u4") >> 16).astype("<u2")),
        "i64": ("int64", [3], np.array([-(2**31), 0, 2**31 - 1], dtype="<i8")),
        "wide": ("int64", [2], np.array([1, 2**31], dtype="<i8")),
        "i32": ("int32", [2], np.array([-5, 7], dtype="<i4")),
        "i16": ("int16", [2], np.array([-300, 300], dtype="<i2")),
        "u16": ("uint16", [1], np.array([65535], dtype="<u2")),
        "i8": ("int8", [2], np.array([-128, 127], dtype="<i1")),
        "u8": ("uint8", [2], np.array([0, 255], dtype="<u1")),
        "bool": ("bool", [3], np.array([True, False, True])),
        "scalar": ("float32", [], np.array(0.25, dtype="<f4")),
        "empty": ("float32", [3, 0], np.zeros((3, 0), dtype="<f4")),
        'na"me\n\u00e9': ("uint8", [1], np.array([42], dtype="<u1")),
    }
    # `tensors` keeps the memory alive that the pointers mean.
    described = {
        name: safetensors.TensorSpec(
            dtype=dtype, shape=shape, data_ptr=array.ctypes.data, data_len=array.nbytes
        )
        for name, (dtype, shape, array) in tensors.items()
    }
    return safetensors.serialize(described, metadata={"format": "pt"})


if len(sys.argv) > 1:
    with safetensors.safe_open(sys.argv[1], framework="numpy") as file:
        print("metadata:", file.metadata())
    for name, array in load_file(sys.argv[1]).items():
        print(repr(name), array.dtype, array.shape, array.ravel()[:8].tolist())
else:
    print("\n".join(textwrap.wrap(base64.b64encode(golden()).decode(), 88)))
