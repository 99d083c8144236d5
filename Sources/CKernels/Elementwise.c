#include "CKernels.h"
#include "Maths.h"

KNAS_CLONES
void knas_add(int64_t count, const float *a, const float *b, float *y) {
    KNAS_EACH(i, count, 0, y, a[i] + b[i]);
}

KNAS_CLONES
void knas_subtract(int64_t count, const float *a, const float *b, float *y) {
    KNAS_EACH(i, count, 0, y, a[i] - b[i]);
}

KNAS_CLONES
void knas_multiply(int64_t count, const float *a, const float *b, float *y, int32_t accumulate) {
    KNAS_EACH(i, count, accumulate, y, a[i] * b[i]);
}

KNAS_CLONES
void knas_absolute_difference(int64_t count, const float *a, const float *b, float *y) {
    KNAS_EACH(i, count, 0, y, __builtin_fabsf(a[i] - b[i]));
}

// dy * sign(d); 0 where d is 0, NaN where d is NaN.
KNAS_INLINE float with_sign(float dy, float d) {
    const float nonzero = d < 0.0f ? -dy : dy;
    return d == 0.0f ? 0.0f : (d != d ? d : nonzero);
}

KNAS_CLONES
void knas_absolute_difference_backward(
    int64_t count, const float *a, const float *b, const float *dy, float *da, float *db) {
    if (da) {
        KNAS_LOOP for (int64_t i = 0; i < count; i++) da[i] += with_sign(dy[i], a[i] - b[i]);
    }
    if (db) {
        KNAS_LOOP for (int64_t i = 0; i < count; i++) db[i] -= with_sign(dy[i], a[i] - b[i]);
    }
}

KNAS_CLONES
void knas_axpy(int64_t count, float alpha, const float *x, float *y) {
    KNAS_EACH(i, count, 1, y, alpha * x[i]);
}

KNAS_CLONES
void knas_scale(int64_t count, float alpha, const float *x, float *y) {
    KNAS_EACH(i, count, 0, y, alpha * x[i]);
}

KNAS_CLONES
void knas_affine_rows(
    int64_t rows, int64_t width, const float *x, const float *scale, const float *shift, float *y,
    int32_t accumulate) {
    for (int64_t r = 0; r < rows; r++) {
        const float *row = x + r * width;
        float *out = y + r * width;
        if (shift) {
            KNAS_EACH(i, width, accumulate, out, row[i] * scale[i] + shift[i]);
        } else {
            KNAS_EACH(i, width, accumulate, out, row[i] * scale[i]);
        }
    }
}

KNAS_CLONES
void knas_fill_rows(int64_t rows, int64_t width, const float *bias, float *y) {
    for (int64_t r = 0; r < rows; r++) {
        float *out = y + r * width;
        KNAS_EACH(i, width, 0, out, bias[i]);
    }
}

KNAS_CLONES
void knas_copy_columns(
    int64_t rows, int64_t width, const float *x, int64_t x_stride, float *y, int64_t y_stride,
    int32_t accumulate) {
    for (int64_t r = 0; r < rows; r++) {
        const float *row = x + r * x_stride;
        float *out = y + r * y_stride;
        KNAS_EACH(i, width, accumulate, out, row[i]);
    }
}

KNAS_CLONES
void knas_multiply_columns(
    int64_t rows, int64_t width, const float *a, const float *b, float *y, int64_t y_stride) {
    for (int64_t r = 0; r < rows; r++) {
        const float *one = a + r * width, *other = b + r * width;
        float *out = y + r * y_stride;
        KNAS_EACH(i, width, 0, out, one[i] * other[i]);
    }
}

KNAS_CLONES
void knas_absolute_difference_columns(
    int64_t rows, int64_t width, const float *a, const float *b, float *y, int64_t y_stride) {
    for (int64_t r = 0; r < rows; r++) {
        const float *one = a + r * width, *other = b + r * width;
        float *out = y + r * y_stride;
        KNAS_EACH(i, width, 0, out, __builtin_fabsf(one[i] - other[i]));
    }
}

// The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
KNAS_INLINE uint64_t mix64(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

// 24 random bits of a 32-bit counter under two 32-bit keys: a multiply and xor-shift mix whose
// second key enters between the rounds, so that no two keys give shifted copies of one stream.
KNAS_INLINE int32_t random_24(uint32_t counter, uint32_t key0, uint32_t key1) {
    uint32_t h = counter ^ key0;
    h = (h ^ (h >> 16)) * 0x7feb352du;
    h = ((h ^ (h >> 15)) + key1) * 0x846ca68bu;
    h = (h ^ (h >> 16)) * 0x9e3779b1u;
    h ^= h >> 15;
    return (int32_t)(h >> 8);
}

KNAS_CLONES
void knas_dropout(
    int64_t count, float rate, uint64_t key, uint64_t first, const float *x, float *y,
    int32_t accumulate) {
    const float clamped = rate > 0.0f ? (rate < 1.0f ? rate : 1.0f) : 0.0f;
    const int32_t threshold = (int32_t)(clamped * 16777216.0f);
    const float scale = 1.0f / (1.0f - clamped);
    // The high half of the counter goes into the keys and is constant over a block.
    for (int64_t start = 0; start < count;) {
        const uint64_t counter = first + (uint64_t)start;
        const uint64_t left = 0x100000000u - (counter & 0xffffffffu);
        const int64_t rest = count - start;
        const int64_t block = (uint64_t)rest < left ? rest : (int64_t)left;
        const uint64_t keys = mix64(mix64(key + 0x9e3779b97f4a7c15u) ^ (counter >> 32));
        const uint32_t key0 = (uint32_t)keys;
        const uint32_t key1 = (uint32_t)(keys >> 32);
        const uint32_t low = (uint32_t)counter;
        const float *in = x + start;
        float *out = y + start;
        KNAS_EACH(
            i, block, accumulate, out,
            random_24(low + (uint32_t)i, key0, key1) < threshold ? 0.0f : in[i] * scale);
        start += block;
    }
}
