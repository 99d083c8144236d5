#include "CKernels.h"
#include "Rows.h"

KNAS_CLONES
void knas_layer_norm(
    int64_t rows, int64_t width, const float *x, const float *gain, const float *bias, float eps,
    float *y, float *mean, float *rstd) {
    const float inverse = width > 0 ? 1.0f / (float)width : 0.0f;
    for (int64_t r = 0; r < rows; r++) {
        const float *row = x + r * width;
        float *out = y + r * width;
        // Two passes: the difference of two large sums would lose the variance of a row far from 0.
        const float m = knas_row_sum(width, row) * inverse;
        const float variance = knas_row_square_deviation(width, m, row) * inverse;
        const float s = 1.0f / knas_square_root(variance + eps);
        mean[r] = m;
        rstd[r] = s;
        if (gain && bias) {
            KNAS_EACH(i, width, 0, out, (row[i] - m) * s * gain[i] + bias[i]);
        } else if (gain) {
            KNAS_EACH(i, width, 0, out, (row[i] - m) * s * gain[i]);
        } else if (bias) {
            KNAS_EACH(i, width, 0, out, (row[i] - m) * s + bias[i]);
        } else {
            KNAS_EACH(i, width, 0, out, (row[i] - m) * s);
        }
    }
}

// The two sums of the backward pass, of g and of g * (x - mean), where g = dy * gain.
KNAS_INLINE void gradient_sums(
    int64_t count, const float *x, const float *gain, const float *dy, float mean, float *sum,
    float *projection) {
    KNAS_REASSOCIATE
    float s = 0.0f;
    float p = 0.0f;
    if (gain) {
        KNAS_LOOP for (int64_t i = 0; i < count; i++) {
            const float g = dy[i] * gain[i];
            s += g;
            p += g * (x[i] - mean);
        }
    } else {
        KNAS_LOOP for (int64_t i = 0; i < count; i++) {
            s += dy[i];
            p += dy[i] * (x[i] - mean);
        }
    }
    *sum = s;
    *projection = p;
}

KNAS_CLONES
void knas_layer_norm_backward(
    int64_t rows, int64_t width, const float *x, const float *gain, const float *mean,
    const float *rstd, const float *dy, float *dx, int32_t accumulate) {
    const float inverse = width > 0 ? 1.0f / (float)width : 0.0f;
    for (int64_t r = 0; r < rows; r++) {
        const float *row = x + r * width;
        const float *gradient = dy + r * width;
        float *out = dx + r * width;
        const float m = mean[r];
        const float s = rstd[r];
        float sum, projection;
        gradient_sums(width, row, gain, gradient, m, &sum, &projection);
        // dx = rstd * (g - mean(g) - h * mean(g * h)) with h = (x - mean) * rstd.
        const float offset = sum * inverse;
        const float slope = projection * inverse * s * s;
        if (gain) {
            KNAS_EACH(
                i, width, accumulate, out,
                s * (gradient[i] * gain[i] - offset - slope * (row[i] - m)));
        } else {
            KNAS_EACH(
                i, width, accumulate, out, s * (gradient[i] - offset - slope * (row[i] - m)));
        }
    }
}

KNAS_CLONES
void knas_layer_norm_parameters(
    int64_t rows, int64_t width, const float *x, const float *mean, const float *rstd,
    const float *dy, float *dgain, float *dbias) {
    for (int64_t r = 0; r < rows; r++) {
        const float *row = x + r * width;
        const float *gradient = dy + r * width;
        const float m = mean[r];
        const float s = rstd[r];
        KNAS_LOOP for (int64_t i = 0; i < width; i++) {
            dgain[i] += gradient[i] * ((row[i] - m) * s);
            dbias[i] += gradient[i];
        }
    }
}
