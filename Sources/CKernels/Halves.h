// Conversions of 16-bit floats in integer arithmetic: without branches, so that they vectorise for
// every instruction set, and with the same bits on each.
#pragma once

#include "Maths.h"

// binary16 to binary32, exactly. The fields are moved to their places and the exponent rebased; a
// subnormal is read as 2^-14 + itself and the 2^-14 subtracted; infinity and NaN get the exponent
// 255 and NaN keeps its payload.
KNAS_INLINE float knas_float_from_half(uint16_t half) {
    const uint32_t magnitude = (uint32_t)(half & 0x7fff) << 13;
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    const uint32_t normal = magnitude + (112u << 23);
    const uint32_t subnormal =
        (uint32_t)knas_bits(knas_float((int32_t)(magnitude + (113u << 23))) - 0x1p-14f);
    const uint32_t finite = magnitude < (1u << 23) ? subnormal : normal;
    const uint32_t bits = finite + (magnitude >= 0x0f800000u ? 112u << 23 : 0u);
    return knas_float((int32_t)(bits | sign));
}

// binary32 to binary16, to nearest even. Normal numbers are rounded by adding half a unit less the
// evenness; below 2^-14 adding 0.5 lets the adder round to multiples of 2^-24; what is 65520 or
// more becomes infinity; NaN keeps the top of its payload and is made quiet.
KNAS_INLINE uint16_t knas_half_from_float(float x) {
    const uint32_t all = (uint32_t)knas_bits(x);
    const uint32_t magnitude = all & 0x7fffffffu;
    const uint32_t sign = (all >> 16) & 0x8000u;
    const uint32_t normal = (magnitude - (112u << 23) + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
    const uint32_t small = magnitude < (113u << 23) ? magnitude : 0u;
    const uint32_t subnormal =
        (uint32_t)knas_bits(knas_float((int32_t)small) + 0.5f) - (126u << 23);
    const uint32_t special =
        magnitude > 0x7f800000u ? 0x7e00u | ((magnitude >> 13) & 0x1ffu) : 0x7c00u;
    const uint32_t finite = magnitude < (113u << 23) ? subnormal : normal;
    const uint32_t bits = magnitude >= 0x477ff000u ? special : finite;
    return (uint16_t)(bits | sign);
}

KNAS_INLINE float knas_float_from_bfloat(uint16_t b) {
    return knas_float((int32_t)((uint32_t)b << 16));
}
