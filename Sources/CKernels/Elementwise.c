#include "Inline.h"

CLONES
void knas_fill_rows(int64_t rows, int64_t width, const float *bias, float *y) {
    for (int64_t r = 0; r < rows; r++)
        ELEMENTWISE
        for (int64_t i = 0; i < width; i++) y[r * width + i] = bias[i];
}

CLONES
void knas_column_sums(int64_t rows, int64_t width, const float *x, float *out, int32_t accumulate) {
    if (!accumulate) memset(out, 0, (size_t)width * sizeof(float));
    for (int64_t r = 0; r < rows; r++)
        ELEMENTWISE
        for (int64_t i = 0; i < width; i++) out[i] += x[r * width + i];
}

CLONES
void knas_add(int64_t count, const float *a, const float *b, float *y) {
    ELEMENTWISE
    for (int64_t i = 0; i < count; i++) y[i] = a[i] + b[i];
}

CLONES
void knas_subtract(int64_t count, const float *a, const float *b, float *y) {
    ELEMENTWISE
    for (int64_t i = 0; i < count; i++) y[i] = a[i] - b[i];
}

CLONES
void knas_multiply(int64_t count, const float *a, const float *b, float *y, int32_t accumulate) {
    if (accumulate) {
        ELEMENTWISE
        for (int64_t i = 0; i < count; i++) y[i] += a[i] * b[i];
    } else {
        ELEMENTWISE
        for (int64_t i = 0; i < count; i++) y[i] = a[i] * b[i];
    }
}

CLONES
void knas_absolute_difference(int64_t count, const float *a, const float *b, float *y) {
    ELEMENTWISE
    for (int64_t i = 0; i < count; i++) y[i] = fabsf(a[i] - b[i]);
}

CLONES
void knas_absolute_difference_backward(
    int64_t count, const float *a, const float *b, const float *dy, float *da, float *db) {
    ELEMENTWISE
    for (int64_t i = 0; i < count; i++) {
        float d = a[i] - b[i];
        float g = d > 0.0f ? dy[i] : (d < 0.0f ? -dy[i] : 0.0f * d);
        if (da) da[i] += g;
        if (db) db[i] -= g;
    }
}

CLONES
void knas_axpy(int64_t count, float alpha, const float *x, float *y) {
    ELEMENTWISE
    for (int64_t i = 0; i < count; i++) y[i] += alpha * x[i];
}

CLONES
void knas_scale(int64_t count, float alpha, const float *x, float *y) {
    ELEMENTWISE
    for (int64_t i = 0; i < count; i++) y[i] = alpha * x[i];
}

CLONES
void knas_affine_rows(
    int64_t rows, int64_t width, const float *x, const float *scale, const float *shift, float *y,
    int32_t accumulate) {
    for (int64_t r = 0; r < rows; r++) {
        const float *in = x + r * width;
        float *out = y + r * width;
        if (accumulate) {
            ELEMENTWISE
            for (int64_t i = 0; i < width; i++) out[i] += in[i] * scale[i] + (shift ? shift[i] : 0);
        } else if (shift) {
            ELEMENTWISE
            for (int64_t i = 0; i < width; i++) out[i] = in[i] * scale[i] + shift[i];
        } else {
            ELEMENTWISE
            for (int64_t i = 0; i < width; i++) out[i] = in[i] * scale[i];
        }
    }
}

INLINE float dot_block(int64_t count, const float *a, const float *b) {
    REASSOCIATE
    float sum = 0.0f;
    for (int64_t i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

INLINE float sum_block(int64_t count, const float *x) {
    REASSOCIATE
    float sum = 0.0f;
    for (int64_t i = 0; i < count; i++) sum += x[i];
    return sum;
}

// Blocks are summed in float lanes and added up in double.
enum { BLOCK = 1024 };

CLONES
double knas_dot(int64_t count, const float *a, const float *b) {
    double total = 0.0;
    for (int64_t start = 0; start < count; start += BLOCK)
        total += dot_block(count - start < BLOCK ? count - start : BLOCK, a + start, b + start);
    return total;
}

CLONES
double knas_sum(int64_t count, const float *x) {
    double total = 0.0;
    for (int64_t start = 0; start < count; start += BLOCK)
        total += sum_block(count - start < BLOCK ? count - start : BLOCK, x + start);
    return total;
}

CLONES
int32_t knas_all_finite(int64_t count, const float *x) {
    uint32_t bad = 0;
    for (int64_t i = 0; i < count; i++)
        bad |= (float_to_bits(x[i]) & 0x7f800000u) == 0x7f800000u ? 1u : 0u;
    return bad == 0;
}

CLONES
void knas_copy_columns(
    int64_t rows, int64_t width, const float *x, int64_t x_stride, float *y, int64_t y_stride,
    int32_t accumulate) {
    for (int64_t r = 0; r < rows; r++) {
        const float *in = x + r * x_stride;
        float *out = y + r * y_stride;
        if (accumulate) {
            for (int64_t i = 0; i < width; i++) out[i] += in[i];
        } else {
            memcpy(out, in, (size_t)width * sizeof(float));
        }
    }
}

// Two rounds of a 32-bit finaliser (Wang and Mueller's constants for low bias) over counter and key.
INLINE uint32_t counter_hash(uint32_t counter, uint32_t key0, uint32_t key1) {
    uint32_t h = counter ^ key0;
    h = (h ^ (h >> 16)) * 0x7feb352du;
    h = (h ^ (h >> 15)) * 0x846ca68bu;
    h = (h ^ (h >> 16)) + key1;
    h = (h ^ (h >> 16)) * 0x7feb352du;
    h = (h ^ (h >> 15)) * 0x846ca68bu;
    return h ^ (h >> 16);
}

CLONES
void knas_dropout(
    int64_t count, float rate, uint64_t key, uint64_t first, const float *x, float *y,
    int32_t accumulate) {
    uint32_t threshold = (uint32_t)((double)rate * 4294967296.0);
    uint32_t key0 = (uint32_t)key, key1 = (uint32_t)(key >> 32);
    float scale = 1.0f / (1.0f - rate);
    uint32_t base = (uint32_t)first;
    if (accumulate) {
        ELEMENTWISE
        for (int64_t i = 0; i < count; i++) {
            float keep = counter_hash(base + (uint32_t)i, key0, key1) >= threshold ? scale : 0.0f;
            y[i] += x[i] * keep;
        }
    } else {
        ELEMENTWISE
        for (int64_t i = 0; i < count; i++) {
            float keep = counter_hash(base + (uint32_t)i, key0, key1) >= threshold ? scale : 0.0f;
            y[i] = x[i] * keep;
        }
    }
}

CLONES
void knas_adamw(
    int64_t count, float *w, const float *g, float *m, float *v, float rate, float beta1,
    float beta2, float eps, float decay, float correction1, float correction2) {
    float keep = 1.0f - rate * decay;
    float step = rate / correction1;
    float inverse_root = 1.0f / SQRT(correction2);
    ELEMENTWISE
    for (int64_t i = 0; i < count; i++) {
        float gradient = g[i];
        float first = beta1 * m[i] + (1.0f - beta1) * gradient;
        float second = beta2 * v[i] + (1.0f - beta2) * gradient * gradient;
        m[i] = first;
        v[i] = second;
        w[i] = w[i] * keep - step * first / (SQRT(second) * inverse_root + eps);
    }
}
