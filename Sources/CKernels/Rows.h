// Reductions of one row, inlined into the kernels that work row by row.
#pragma once

#include "Maths.h"

enum { KNAS_LANES = 16 };

// The largest of sign * x[i], -infinity for none; NaN is passed over, the callers meet it in x
// again.
KNAS_INLINE float knas_row_maximum(int64_t count, float sign, const float *x) {
    float lane[KNAS_LANES];
    for (int32_t j = 0; j < KNAS_LANES; j++) lane[j] = -KNAS_INFINITY;
    int64_t i = 0;
    for (; i + KNAS_LANES <= count; i += KNAS_LANES) {
        for (int32_t j = 0; j < KNAS_LANES; j++) {
            const float v = sign * x[i + j];
            lane[j] = v > lane[j] ? v : lane[j];
        }
    }
    for (int32_t j = 0; i < count; i++, j++) {
        const float v = sign * x[i];
        lane[j] = v > lane[j] ? v : lane[j];
    }
    for (int32_t step = KNAS_LANES / 2; step > 0; step /= 2) {
        for (int32_t j = 0; j < step; j++) {
            lane[j] = lane[j + step] > lane[j] ? lane[j + step] : lane[j];
        }
    }
    return lane[0];
}

KNAS_INLINE float knas_row_sum(int64_t count, const float *x) {
    KNAS_REASSOCIATE
    float sum = 0.0f;
    KNAS_LOOP for (int64_t i = 0; i < count; i++) sum += x[i];
    return sum;
}

KNAS_INLINE float knas_row_dot(int64_t count, const float *a, const float *b) {
    KNAS_REASSOCIATE
    float sum = 0.0f;
    KNAS_LOOP for (int64_t i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

// sum((x - mean)^2).
KNAS_INLINE float knas_row_square_deviation(int64_t count, float mean, const float *x) {
    KNAS_REASSOCIATE
    float sum = 0.0f;
    KNAS_LOOP for (int64_t i = 0; i < count; i++) sum += (x[i] - mean) * (x[i] - mean);
    return sum;
}

// y[i] = exp(scale * (sign * x[i] - shift)), shift being the maximum of sign * x; returns the sum.
// In place allowed.
KNAS_INLINE float knas_row_exp(
    int64_t count, float sign, float scale, float shift, const float *x, float *y) {
    KNAS_REASSOCIATE
    float sum = 0.0f;
    KNAS_LOOP for (int64_t i = 0; i < count; i++) {
        const float e = knas_exp_of_negative(scale * (sign * x[i] - shift));
        y[i] = e;
        sum += e;
    }
    return sum;
}

// y = softmax of scale * x; in place allowed. The maximum is subtracted before scaling, so the
// largest term is exp(0) exactly, however large the row is. A row with NaN or +infinity becomes
// NaN.
KNAS_INLINE void knas_row_softmax(int64_t count, float scale, const float *x, float *y) {
    const float sign = scale < 0.0f ? -1.0f : 1.0f;
    const float shift = knas_row_maximum(count, sign, x);
    const float sum = knas_row_exp(count, sign, sign * scale, shift, x, y);
    const float inverse = 1.0f / sum;
    KNAS_LOOP for (int64_t i = 0; i < count; i++) y[i] *= inverse;
}
