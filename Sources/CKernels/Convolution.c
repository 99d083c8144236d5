#include "CKernels.h"
#include "Rows.h"

// Row t of a sequence meets row t + k - kernel / 2 under tap k. The functions run over the taps
// whose row lies inside the sequence; what lies outside is zero.

KNAS_CLONES
void knas_depthwise_convolution(
    int64_t sequences, const int64_t *offsets, int64_t width, int64_t kernel, const float *x,
    const float *weight, const float *bias, float *y) {
    for (int64_t s = 0; s < sequences; s++) {
        for (int64_t t = offsets[s]; t < offsets[s + 1]; t++) {
            float *out = y + t * width;
            if (bias) {
                KNAS_EACH(i, width, 0, out, bias[i]);
            } else {
                KNAS_EACH(i, width, 0, out, 0.0f);
            }
            for (int64_t k = 0; k < kernel; k++) {
                const int64_t source = t + k - kernel / 2;
                if (source < offsets[s] || source >= offsets[s + 1]) continue;
                const float *row = x + source * width;
                const float *tap = weight + k * width;
                KNAS_EACH(i, width, 1, out, row[i] * tap[i]);
            }
        }
    }
}

KNAS_CLONES
void knas_depthwise_convolution_backward(
    int64_t sequences, const int64_t *offsets, int64_t width, int64_t kernel, const float *weight,
    const float *dy, float *dx, int32_t accumulate) {
    for (int64_t s = 0; s < sequences; s++) {
        for (int64_t t = offsets[s]; t < offsets[s + 1]; t++) {
            float *out = dx + t * width;
            if (!accumulate) {
                KNAS_EACH(i, width, 0, out, 0.0f);
            }
            for (int64_t k = 0; k < kernel; k++) {
                const int64_t target = t - k + kernel / 2;
                if (target < offsets[s] || target >= offsets[s + 1]) continue;
                const float *gradient = dy + target * width;
                const float *tap = weight + k * width;
                KNAS_EACH(i, width, 1, out, gradient[i] * tap[i]);
            }
        }
    }
}

KNAS_CLONES
void knas_depthwise_convolution_parameters(
    int64_t sequences, const int64_t *offsets, int64_t width, int64_t kernel, const float *x,
    const float *dy, float *dweight, float *dbias) {
    for (int64_t s = 0; s < sequences; s++) {
        for (int64_t t = offsets[s]; t < offsets[s + 1]; t++) {
            const float *gradient = dy + t * width;
            if (dbias) {
                KNAS_EACH(i, width, 1, dbias, gradient[i]);
            }
            for (int64_t k = 0; k < kernel; k++) {
                const int64_t source = t + k - kernel / 2;
                if (source < offsets[s] || source >= offsets[s + 1]) continue;
                const float *row = x + source * width;
                float *tap = dweight + k * width;
                KNAS_EACH(i, width, 1, tap, row[i] * gradient[i]);
            }
        }
    }
}

KNAS_CLONES
void knas_unfold(
    int64_t sequences, const int64_t *offsets, int64_t width, int64_t kernel, const float *x,
    float *y) {
    for (int64_t s = 0; s < sequences; s++) {
        for (int64_t t = offsets[s]; t < offsets[s + 1]; t++) {
            for (int64_t k = 0; k < kernel; k++) {
                const int64_t source = t + k - kernel / 2;
                float *out = y + (t * kernel + k) * width;
                if (source < offsets[s] || source >= offsets[s + 1]) {
                    KNAS_EACH(i, width, 0, out, 0.0f);
                } else {
                    const float *row = x + source * width;
                    KNAS_EACH(i, width, 0, out, row[i]);
                }
            }
        }
    }
}

KNAS_CLONES
void knas_unfold_backward(
    int64_t sequences, const int64_t *offsets, int64_t width, int64_t kernel, const float *dy,
    float *dx, int32_t accumulate) {
    for (int64_t s = 0; s < sequences; s++) {
        for (int64_t t = offsets[s]; t < offsets[s + 1]; t++) {
            float *out = dx + t * width;
            if (!accumulate) {
                KNAS_EACH(i, width, 0, out, 0.0f);
            }
            for (int64_t k = 0; k < kernel; k++) {
                const int64_t target = t - k + kernel / 2;
                if (target < offsets[s] || target >= offsets[s + 1]) continue;
                const float *gradient = dy + (target * kernel + k) * width;
                KNAS_EACH(i, width, 1, out, gradient[i]);
            }
        }
    }
}
