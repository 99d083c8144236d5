#include "CKernels.h"
#include "Rows.h"

KNAS_CLONES
void knas_softmax_rows(int64_t rows, int64_t width, int64_t stride, float scale, float *x) {
    for (int64_t r = 0; r < rows; r++) {
        float *row = x + r * stride;
        knas_row_softmax(width, scale, row, row);
    }
}

KNAS_CLONES
void knas_softmax_rows_backward(
    int64_t rows, int64_t width, int64_t stride, float scale, const float *p, float *dp) {
    for (int64_t r = 0; r < rows; r++) {
        const float *row = p + r * stride;
        float *gradient = dp + r * stride;
        const float mean = knas_row_dot(width, gradient, row);
        KNAS_EACH(i, width, 0, gradient, scale * row[i] * (gradient[i] - mean));
    }
}

KNAS_INLINE float sum_of_exp(int64_t count, float shift, const float *x) {
    KNAS_REASSOCIATE
    float sum = 0.0f;
    KNAS_LOOP for (int64_t i = 0; i < count; i++) sum += knas_exp(x[i] - shift);
    return sum;
}

KNAS_CLONES
void knas_log_sum_exp_rows(int64_t rows, int64_t width, const float *x, float *out) {
    for (int64_t r = 0; r < rows; r++) {
        const float *row = x + r * width;
        const float maximum = knas_row_maximum(width, 1.0f, row);
        // An infinite maximum is its own logarithm of a sum; subtracting it would give NaN.
        const float shift = __builtin_fabsf(maximum) == KNAS_INFINITY ? 0.0f : maximum;
        out[r] = shift + knas_log(sum_of_exp(width, shift, row));
    }
}
