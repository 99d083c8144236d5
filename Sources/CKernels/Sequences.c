// Pooling and convolution along ragged sequences.
#include "Inline.h"

CLONES
void knas_mean_pool(
    int64_t sequences, const int64_t *offsets, int64_t width, const float *x, float *y) {
    for (int64_t s = 0; s < sequences; s++) {
        float *out = y + s * width;
        memset(out, 0, (size_t)width * sizeof(float));
        for (int64_t t = offsets[s]; t < offsets[s + 1]; t++)
            for (int64_t i = 0; i < width; i++) out[i] += x[t * width + i];
        float scale = 1.0f / (float)(offsets[s + 1] - offsets[s]);
        for (int64_t i = 0; i < width; i++) out[i] *= scale;
    }
}

CLONES
void knas_mean_pool_backward(
    int64_t sequences, const int64_t *offsets, int64_t width, const float *dy, float *dx,
    int32_t accumulate) {
    for (int64_t s = 0; s < sequences; s++) {
        const float *in = dy + s * width;
        float scale = 1.0f / (float)(offsets[s + 1] - offsets[s]);
        for (int64_t t = offsets[s]; t < offsets[s + 1]; t++) {
            float *out = dx + t * width;
            if (accumulate) {
                for (int64_t i = 0; i < width; i++) out[i] += in[i] * scale;
            } else {
                for (int64_t i = 0; i < width; i++) out[i] = in[i] * scale;
            }
        }
    }
}

CLONES
void knas_max_pool(
    int64_t sequences, const int64_t *offsets, int64_t width, const float *x, float *y,
    int32_t *argmax) {
    for (int64_t s = 0; s < sequences; s++) {
        float *out = y + s * width;
        int32_t *place = argmax + s * width;
        int32_t start = (int32_t)offsets[s];
        for (int64_t i = 0; i < width; i++) {
            out[i] = x[(int64_t)start * width + i];
            place[i] = start;
        }
        for (int32_t t = start + 1; t < (int32_t)offsets[s + 1]; t++) {
            const float *in = x + (int64_t)t * width;
            for (int64_t i = 0; i < width; i++) {
                // A NaN wins and stays, so that it surfaces in the result.
                int greater = (in[i] > out[i]) | (in[i] != in[i]);
                out[i] = greater ? in[i] : out[i];
                place[i] = greater ? t : place[i];
            }
        }
    }
}

void knas_max_pool_backward(
    int64_t sequences, int64_t width, const int32_t *argmax, const float *dy, float *dx) {
    for (int64_t s = 0; s < sequences; s++)
        for (int64_t i = 0; i < width; i++)
            dx[(int64_t)argmax[s * width + i] * width + i] += dy[s * width + i];
}

CLONES
void knas_attention_pool(
    int64_t sequences, const int64_t *offsets, int64_t width, const float *scores, const float *x,
    float *p, float *y) {
    for (int64_t s = 0; s < sequences; s++) {
        int64_t start = offsets[s], end = offsets[s + 1];
        float max = -INFINITY;
        for (int64_t t = start; t < end; t++) max = scores[t] > max ? scores[t] : max;
        float sum = 0.0f;
        for (int64_t t = start; t < end; t++) {
            p[t] = exp_inline(scores[t] - max);
            sum += p[t];
        }
        float *out = y + s * width;
        memset(out, 0, (size_t)width * sizeof(float));
        for (int64_t t = start; t < end; t++) {
            p[t] /= sum;
            for (int64_t i = 0; i < width; i++) out[i] += p[t] * x[t * width + i];
        }
    }
}

CLONES
void knas_attention_pool_backward(
    int64_t sequences, const int64_t *offsets, int64_t width, const float *p, const float *x,
    const float *dy, float *dscores, float *dx, int32_t accumulate_scores, int32_t accumulate_x) {
    REASSOCIATE
    for (int64_t s = 0; s < sequences; s++) {
        const float *grad = dy + s * width;
        // <grad, y> = sum_t p_t <grad, x_t>; the products are formed twice rather than stored.
        float mean = 0.0f;
        for (int64_t t = offsets[s]; t < offsets[s + 1]; t++) {
            float dot = 0.0f;
            for (int64_t i = 0; i < width; i++) dot += grad[i] * x[t * width + i];
            mean += p[t] * dot;
        }
        for (int64_t t = offsets[s]; t < offsets[s + 1]; t++) {
            float dot = 0.0f;
            for (int64_t i = 0; i < width; i++) dot += grad[i] * x[t * width + i];
            float d = p[t] * (dot - mean);
            dscores[t] = accumulate_scores ? dscores[t] + d : d;
            if (!dx) continue;
            float *out = dx + t * width;
            if (accumulate_x) {
                for (int64_t i = 0; i < width; i++) out[i] += p[t] * grad[i];
            } else {
                for (int64_t i = 0; i < width; i++) out[i] = p[t] * grad[i];
            }
        }
    }
}

CLONES
void knas_depthwise_convolution(
    int64_t sequences, const int64_t *offsets, int64_t width, int64_t kernel, const float *x,
    const float *weight, const float *bias, float *y) {
    for (int64_t s = 0; s < sequences; s++) {
        int64_t start = offsets[s], end = offsets[s + 1];
        for (int64_t t = start; t < end; t++) {
            float *out = y + t * width;
            memcpy(out, bias, (size_t)width * sizeof(float));
            for (int64_t k = 0; k < kernel; k++) {
                int64_t from = t + k - kernel / 2;
                if (from < start || from >= end) continue;
                const float *in = x + from * width;
                const float *w = weight + k * width;
                for (int64_t i = 0; i < width; i++) out[i] += in[i] * w[i];
            }
        }
    }
}

CLONES
void knas_depthwise_convolution_backward(
    int64_t sequences, const int64_t *offsets, int64_t width, int64_t kernel, const float *weight,
    const float *dy, float *dx, int32_t accumulate) {
    for (int64_t s = 0; s < sequences; s++) {
        int64_t start = offsets[s], end = offsets[s + 1];
        for (int64_t t = start; t < end; t++) {
            float *out = dx + t * width;
            if (!accumulate) memset(out, 0, (size_t)width * sizeof(float));
            for (int64_t k = 0; k < kernel; k++) {
                int64_t to = t - k + kernel / 2;
                if (to < start || to >= end) continue;
                const float *grad = dy + to * width;
                const float *w = weight + k * width;
                for (int64_t i = 0; i < width; i++) out[i] += grad[i] * w[i];
            }
        }
    }
}

CLONES
void knas_depthwise_convolution_parameters(
    int64_t sequences, const int64_t *offsets, int64_t width, int64_t kernel, const float *x,
    const float *dy, float *dweight, float *dbias) {
    for (int64_t s = 0; s < sequences; s++) {
        int64_t start = offsets[s], end = offsets[s + 1];
        for (int64_t t = start; t < end; t++) {
            const float *grad = dy + t * width;
            for (int64_t i = 0; i < width; i++) dbias[i] += grad[i];
            for (int64_t k = 0; k < kernel; k++) {
                int64_t from = t + k - kernel / 2;
                if (from < start || from >= end) continue;
                const float *in = x + from * width;
                float *out = dweight + k * width;
                for (int64_t i = 0; i < width; i++) out[i] += grad[i] * in[i];
            }
        }
    }
}

CLONES
void knas_unfold(
    int64_t sequences, const int64_t *offsets, int64_t width, int64_t kernel, const float *x,
    float *y) {
    for (int64_t s = 0; s < sequences; s++)
        for (int64_t t = offsets[s]; t < offsets[s + 1]; t++)
            for (int64_t k = 0; k < kernel; k++) {
                int64_t from = t + k - kernel / 2;
                float *out = y + (t * kernel + k) * width;
                if (from < offsets[s] || from >= offsets[s + 1])
                    memset(out, 0, (size_t)width * sizeof(float));
                else
                    memcpy(out, x + from * width, (size_t)width * sizeof(float));
            }
}

CLONES
void knas_unfold_backward(
    int64_t sequences, const int64_t *offsets, int64_t width, int64_t kernel, const float *dy,
    float *dx, int32_t accumulate) {
    for (int64_t s = 0; s < sequences; s++)
        for (int64_t t = offsets[s]; t < offsets[s + 1]; t++) {
            float *out = dx + t * width;
            if (!accumulate) memset(out, 0, (size_t)width * sizeof(float));
            for (int64_t k = 0; k < kernel; k++) {
                int64_t to = t - k + kernel / 2;
                if (to < offsets[s] || to >= offsets[s + 1]) continue;
                const float *in = dy + (to * kernel + k) * width;
                for (int64_t i = 0; i < width; i++) out[i] += in[i];
            }
        }
}

CLONES
void knas_block_products(
    int64_t examples, const int64_t *offsets, int64_t total, const float *a, const float *b,
    double *gram) {
    REASSOCIATE
    for (int64_t i = 0; i < examples; i++)
        for (int64_t j = 0; j <= i; j++) {
            double sum = 0.0;
            int64_t start = offsets[j], count = offsets[j + 1] - offsets[j];
            for (int64_t t = offsets[i]; t < offsets[i + 1]; t++) {
                const float *x = a + t * total + start;
                const float *y = b + t * total + start;
                float part = 0.0f;
                for (int64_t k = 0; k < count; k++) part += x[k] * y[k];
                sum += part;
            }
            gram[i * examples + j] += sum;
            if (i != j) gram[j * examples + i] += sum;
        }
}
