// Softmax, layer norm and the loss: reductions over rows.
#include "Inline.h"

// The largest element; NaN compares false and surfaces in the sum instead.
INLINE float row_max(int64_t width, const float *x) {
    float lanes[16];
    for (int k = 0; k < 16; k++) lanes[k] = -INFINITY;
    int64_t i = 0;
    for (; i + 16 <= width; i += 16)
        for (int k = 0; k < 16; k++) lanes[k] = x[i + k] > lanes[k] ? x[i + k] : lanes[k];
    float max = -INFINITY;
    for (int k = 0; k < 16; k++) max = lanes[k] > max ? lanes[k] : max;
    for (; i < width; i++) max = x[i] > max ? x[i] : max;
    return max;
}

CLONES
void knas_softmax_rows(int64_t rows, int64_t width, int64_t stride, float scale, float *x) {
    REASSOCIATE
    for (int64_t r = 0; r < rows; r++) {
        float *row = x + r * stride;
        float max = row_max(width, row) * scale;
        float sum = 0.0f;
        for (int64_t i = 0; i < width; i++) {
            float e = exp_inline(row[i] * scale - max);
            row[i] = e;
            sum += e;
        }
        float inverse = 1.0f / sum;
        ELEMENTWISE
        for (int64_t i = 0; i < width; i++) row[i] *= inverse;
    }
}

CLONES
void knas_softmax_rows_backward(
    int64_t rows, int64_t width, int64_t stride, float scale, const float *p, float *dp) {
    REASSOCIATE
    for (int64_t r = 0; r < rows; r++) {
        const float *prob = p + r * stride;
        float *grad = dp + r * stride;
        float dot = 0.0f;
        for (int64_t i = 0; i < width; i++) dot += prob[i] * grad[i];
        ELEMENTWISE
        for (int64_t i = 0; i < width; i++) grad[i] = scale * prob[i] * (grad[i] - dot);
    }
}

void knas_log_sum_exp_rows(int64_t rows, int64_t width, const float *x, float *out) {
    for (int64_t r = 0; r < rows; r++) {
        const float *row = x + r * width;
        float max = row[0];
        for (int64_t i = 1; i < width; i++) max = row[i] > max ? row[i] : max;
        double sum = 0.0;
        for (int64_t i = 0; i < width; i++) sum += exp((double)row[i] - max);
        out[r] = (float)(max + log(sum));
    }
}

CLONES
void knas_layer_norm(
    int64_t rows, int64_t width, const float *x, const float *gain, const float *bias, float eps,
    float *y, float *mean, float *rstd) {
    REASSOCIATE
    for (int64_t r = 0; r < rows; r++) {
        const float *in = x + r * width;
        float *out = y + r * width;
        float sum = 0.0f;
        for (int64_t i = 0; i < width; i++) sum += in[i];
        float m = sum / (float)width;
        float squares = 0.0f;
        for (int64_t i = 0; i < width; i++) squares += (in[i] - m) * (in[i] - m);
        float s = 1.0f / SQRT(squares / (float)width + eps);
        mean[r] = m;
        rstd[r] = s;
        if (gain) {
            ELEMENTWISE
            for (int64_t i = 0; i < width; i++) out[i] = (in[i] - m) * s * gain[i] + bias[i];
        } else {
            ELEMENTWISE
            for (int64_t i = 0; i < width; i++) out[i] = (in[i] - m) * s;
        }
    }
}

CLONES
void knas_layer_norm_backward(
    int64_t rows, int64_t width, const float *x, const float *gain, const float *mean,
    const float *rstd, const float *dy, float *dx, int32_t accumulate) {
    REASSOCIATE
    for (int64_t r = 0; r < rows; r++) {
        const float *in = x + r * width;
        const float *grad = dy + r * width;
        float *out = dx + r * width;
        float m = mean[r], s = rstd[r];
        float sum = 0.0f, dot = 0.0f;
        if (gain) {
            for (int64_t i = 0; i < width; i++) {
                float g = grad[i] * gain[i];
                sum += g;
                dot += g * (in[i] - m);
            }
        } else {
            for (int64_t i = 0; i < width; i++) {
                sum += grad[i];
                dot += grad[i] * (in[i] - m);
            }
        }
        float a = sum / (float)width;
        float b = dot * s * s / (float)width;
        if (accumulate) {
            ELEMENTWISE
            for (int64_t i = 0; i < width; i++)
                out[i] += s * (grad[i] * (gain ? gain[i] : 1.0f) - a - (in[i] - m) * b);
        } else {
            ELEMENTWISE
            for (int64_t i = 0; i < width; i++)
                out[i] = s * (grad[i] * (gain ? gain[i] : 1.0f) - a - (in[i] - m) * b);
        }
    }
}

CLONES
void knas_layer_norm_parameters(
    int64_t rows, int64_t width, const float *x, const float *mean, const float *rstd,
    const float *dy, float *dgain, float *dbias) {
    for (int64_t r = 0; r < rows; r++) {
        const float *in = x + r * width;
        const float *grad = dy + r * width;
        float m = mean[r], s = rstd[r];
        for (int64_t i = 0; i < width; i++) {
            dgain[i] += grad[i] * (in[i] - m) * s;
            dbias[i] += grad[i];
        }
    }
}

void knas_cross_entropy(
    int64_t rows, int64_t classes, const float *logits, const int32_t *labels, const float *weight,
    float smoothing, float *losses, float *dlogits) {
    for (int64_t r = 0; r < rows; r++) {
        const float *z = logits + r * classes;
        double factor = weight ? weight[r] : 1.0;
        double max = z[0];
        for (int64_t c = 1; c < classes; c++) max = z[c] > max ? z[c] : max;
        double sum = 0.0;
        for (int64_t c = 0; c < classes; c++) sum += exp(z[c] - max);
        double normaliser = max + log(sum);
        double loss = 0.0;
        for (int64_t c = 0; c < classes; c++) {
            double target = smoothing / (double)classes;
            if (c == labels[r]) target += 1.0 - smoothing;
            double surprise = normaliser - z[c];
            if (target != 0.0) loss += target * surprise;
            if (dlogits) dlogits[r * classes + c] = (float)(factor * (exp(-surprise) - target));
        }
        losses[r] = (float)(factor * loss);
    }
}
