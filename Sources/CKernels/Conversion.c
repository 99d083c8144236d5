// Embedding rows and 16-bit floats.
#include "Inline.h"

// Half to single in bit arithmetic that vectorises: the magnitude is shifted into place and scaled,
// which makes subnormals right; infinities and NaN get the largest exponent.
INLINE float half_to_float(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    uint32_t magnitude = (uint32_t)(half & 0x7fffu) << 13;
    float scaled = bits_to_float(magnitude) * 0x1p112f;
    uint32_t bits = float_to_bits(scaled);
    bits |= (half & 0x7c00u) == 0x7c00u ? 0x7f800000u : 0u;
    return bits_to_float(bits | sign);
}

INLINE float bfloat_to_float(uint16_t bits) { return bits_to_float((uint32_t)bits << 16); }

// Single to half, round to nearest even, by the addition trick: adding a float whose last place is
// the half's last place rounds correctly, subnormals included.
INLINE uint16_t float_to_half(float value) {
    uint32_t bits = float_to_bits(value);
    uint32_t sign = (bits >> 16) & 0x8000u;
    uint32_t magnitude = bits & 0x7fffffffu;
    // Subnormal results: aligned by adding 0.5, whose last place is 2^-24.
    float aligned = bits_to_float(magnitude) + 0.5f;
    uint32_t subnormal = float_to_bits(aligned) - 0x3f000000u;
    // Normal results: rebias the exponent and round half to even.
    uint32_t odd = (magnitude >> 13) & 1u;
    uint32_t normal = (magnitude - 0x38000000u + 0xfffu + odd) >> 13;
    uint32_t result = magnitude < 0x38800000u ? subnormal : normal;
    result = magnitude >= 0x477ff000u ? 0x7c00u : result;
    result = magnitude > 0x7f800000u ? 0x7e00u : result;
    return (uint16_t)(result | sign);
}

CLONES
void knas_f16_to_f32(int64_t count, const uint16_t *x, float *y) {
    for (int64_t i = 0; i < count; i++) y[i] = half_to_float(x[i]);
}

CLONES
void knas_f32_to_f16(int64_t count, const float *x, uint16_t *y) {
    for (int64_t i = 0; i < count; i++) y[i] = float_to_half(x[i]);
}

CLONES
void knas_bf16_to_f32(int64_t count, const uint16_t *x, float *y) {
    for (int64_t i = 0; i < count; i++) y[i] = bfloat_to_float(x[i]);
}

#define GATHER(load) \
    for (int64_t r = 0; r < rows; r++) { \
        int64_t start = (int64_t)ids[r] * width; \
        float *out = y + r * width; \
        if (accumulate) { \
            for (int64_t i = 0; i < width; i++) out[i] += load(table[start + i]); \
        } else { \
            for (int64_t i = 0; i < width; i++) out[i] = load(table[start + i]); \
        } \
    }

CLONES
void knas_gather_rows(
    int64_t rows, int64_t width, const int32_t *ids, const float *table, float *y,
    int32_t accumulate) {
    GATHER()
}

CLONES
void knas_gather_rows_f16(
    int64_t rows, int64_t width, const int32_t *ids, const uint16_t *table, float *y,
    int32_t accumulate) {
    GATHER(half_to_float)
}

CLONES
void knas_gather_rows_bf16(
    int64_t rows, int64_t width, const int32_t *ids, const uint16_t *table, float *y,
    int32_t accumulate) {
    GATHER(bfloat_to_float)
}

CLONES
void knas_scatter_add_rows(
    int64_t rows, int64_t width, const int32_t *ids, const float *x, float *table) {
    for (int64_t r = 0; r < rows; r++) {
        float *out = table + (int64_t)ids[r] * width;
        for (int64_t i = 0; i < width; i++) out[i] += x[r * width + i];
    }
}
