#include "CKernels.h"
#include "Rows.h"

KNAS_CLONES
void knas_mean_pool(
    int64_t sequences, const int64_t *offsets, int64_t width, const float *x, float *y) {
    for (int64_t s = 0; s < sequences; s++) {
        const int64_t rows = offsets[s + 1] - offsets[s];
        const float inverse = rows > 0 ? 1.0f / (float)rows : 0.0f;
        float *out = y + s * width;
        KNAS_EACH(i, width, 0, out, 0.0f);
        for (int64_t t = offsets[s]; t < offsets[s + 1]; t++) {
            const float *row = x + t * width;
            KNAS_EACH(i, width, 1, out, row[i]);
        }
        KNAS_EACH(i, width, 0, out, out[i] * inverse);
    }
}

KNAS_CLONES
void knas_mean_pool_backward(
    int64_t sequences, const int64_t *offsets, int64_t width, const float *dy, float *dx,
    int32_t accumulate) {
    for (int64_t s = 0; s < sequences; s++) {
        const int64_t rows = offsets[s + 1] - offsets[s];
        const float inverse = rows > 0 ? 1.0f / (float)rows : 0.0f;
        const float *gradient = dy + s * width;
        for (int64_t t = offsets[s]; t < offsets[s + 1]; t++) {
            float *out = dx + t * width;
            KNAS_EACH(i, width, accumulate, out, gradient[i] * inverse);
        }
    }
}

KNAS_CLONES
void knas_max_pool(
    int64_t sequences, const int64_t *offsets, int64_t width, const float *x, float *y,
    int32_t *argmax) {
    for (int64_t s = 0; s < sequences; s++) {
        const int64_t first = offsets[s];
        const int64_t last = offsets[s + 1];
        float *out = y + s * width;
        int32_t *where = argmax + s * width;
        // -1 marks the maximum of nothing; the backward pass passes over it.
        const int32_t start = last > first ? (int32_t)first : -1;
        KNAS_EACH(i, width, 0, where, start);
        if (start < 0) {
            KNAS_EACH(i, width, 0, out, 0.0f);
            continue;
        }
        const float *head = x + first * width;
        KNAS_EACH(i, width, 0, out, head[i]);
        for (int64_t t = first + 1; t < last; t++) {
            const float *row = x + t * width;
            const int32_t index = (int32_t)t;
            KNAS_LOOP for (int64_t i = 0; i < width; i++) {
                const float v = row[i];
                const float best = out[i];
                // The first NaN beats every number and is beaten by nothing.
                const int32_t better = (v > best) | ((v != v) & (best == best));
                out[i] = better ? v : best;
                where[i] = better ? index : where[i];
            }
        }
    }
}

void knas_max_pool_backward(
    int64_t sequences, int64_t width, const int32_t *argmax, const float *dy, float *dx) {
    for (int64_t s = 0; s < sequences; s++) {
        for (int64_t i = 0; i < width; i++) {
            const int64_t t = argmax[s * width + i];
            if (t >= 0) dx[t * width + i] += dy[s * width + i];
        }
    }
}

KNAS_CLONES
void knas_attention_pool(
    int64_t sequences, const int64_t *offsets, int64_t width, const float *scores, const float *x,
    float *p, float *y) {
    for (int64_t s = 0; s < sequences; s++) {
        const int64_t first = offsets[s];
        float *out = y + s * width;
        knas_row_softmax(offsets[s + 1] - first, 1.0f, scores + first, p + first);
        KNAS_EACH(i, width, 0, out, 0.0f);
        for (int64_t t = first; t < offsets[s + 1]; t++) {
            const float *row = x + t * width;
            const float weight = p[t];
            KNAS_EACH(i, width, 1, out, weight * row[i]);
        }
    }
}

KNAS_CLONES
void knas_attention_pool_backward(
    int64_t sequences, const int64_t *offsets, int64_t width, const float *p, const float *x,
    const float *dy, float *dscores, float *dx, int32_t accumulate_scores, int32_t accumulate_x) {
    for (int64_t s = 0; s < sequences; s++) {
        const float *gradient = dy + s * width;
        // dp[t] = dy . x[t] is computed twice, since there is nowhere to keep it when the result is
        // added to dscores.
        double mean = 0.0;
        for (int64_t t = offsets[s]; t < offsets[s + 1]; t++) {
            mean += (double)p[t] * (double)knas_row_dot(width, gradient, x + t * width);
        }
        for (int64_t t = offsets[s]; t < offsets[s + 1]; t++) {
            const float weight = p[t];
            const float dp = knas_row_dot(width, gradient, x + t * width);
            const float dscore = weight * (dp - (float)mean);
            dscores[t] = accumulate_scores ? dscores[t] + dscore : dscore;
            if (dx) {
                float *out = dx + t * width;
                KNAS_EACH(i, width, accumulate_x, out, weight * gradient[i]);
            }
        }
    }
}
