#include "CKernels.h"
#include "Rows.h"

KNAS_CLONES
void knas_accumulate_moments(
    int64_t count, const float *x, double *absolute, double *sum, double *squares) {
    KNAS_LOOP for (int64_t i = 0; i < count; i++) {
        const double value = (double)x[i];
        absolute[i] += value < 0 ? -value : value;
        sum[i] += value;
        squares[i] += value * value;
    }
}

KNAS_CLONES
void knas_accumulate_signs(
    int64_t rows, int64_t width, const float *x, float threshold, float *signs) {
    for (int64_t r = 0; r < rows; r++) {
        const float *row = x + r * width;
        float *out = signs + r * width;
        float largest = 0.0f;
        for (int64_t i = 0; i < width; i++) {
            const float magnitude = row[i] < 0 ? -row[i] : row[i];
            largest = magnitude > largest ? magnitude : largest;
        }
        const float limit = threshold * largest;
        KNAS_LOOP for (int64_t i = 0; i < width; i++) {
            out[i] += (row[i] > limit ? 1.0f : 0.0f) - (row[i] < -limit ? 1.0f : 0.0f);
        }
    }
}
