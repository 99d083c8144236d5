#include "CKernels.h"
#include "Rows.h"

KNAS_CLONES
void knas_adamw(
    int64_t count, float *w, const float *g, float *m, float *v, float rate, float beta1,
    float beta2, float eps, float decay, float correction1, float correction2) {
    const float step = (float)((double)rate / (double)correction1);
    const float inverse = 1.0f / knas_square_root(correction2);
    const float keep = (float)(1.0 - (double)rate * (double)decay);
    const float new1 = 1.0f - beta1;
    const float new2 = 1.0f - beta2;
    KNAS_LOOP for (int64_t i = 0; i < count; i++) {
        const float gradient = g[i];
        const float first = beta1 * m[i] + new1 * gradient;
        const float second = beta2 * v[i] + new2 * gradient * gradient;
        m[i] = first;
        v[i] = second;
        w[i] = w[i] * keep - step * first / (knas_square_root(second) * inverse + eps);
    }
}

// The sum of shift - x: what the smoothed part of the target adds to the loss.
KNAS_INLINE float sum_below(int64_t count, float shift, const float *x) {
    KNAS_REASSOCIATE
    float sum = 0.0f;
    KNAS_LOOP for (int64_t i = 0; i < count; i++) sum += shift - x[i];
    return sum;
}

KNAS_INLINE float sum_of_exp(int64_t count, float shift, const float *x) {
    KNAS_REASSOCIATE
    float sum = 0.0f;
    KNAS_LOOP for (int64_t i = 0; i < count; i++) sum += knas_exp_of_negative(x[i] - shift);
    return sum;
}

KNAS_CLONES
void knas_cross_entropy(
    int64_t rows, int64_t classes, const float *logits, const int32_t *labels, const float *weight,
    float smoothing, float *losses, float *dlogits) {
    const float share = classes > 0 ? smoothing / (float)classes : 0.0f;
    for (int64_t r = 0; r < rows; r++) {
        const float *row = logits + r * classes;
        float *out = dlogits ? dlogits + r * classes : NULL;
        const float scale = weight ? weight[r] : 1.0f;
        const int32_t label = labels[r];
        if (label < 0 || label >= classes) {
            losses[r] = KNAS_NAN;
            if (out) KNAS_EACH(i, classes, 0, out, KNAS_NAN);
            continue;
        }
        const float shift = knas_row_maximum(classes, 1.0f, row);
        const float sum = sum_of_exp(classes, shift, row);
        const float logarithm = knas_log(sum);
        float loss = (1.0f - smoothing) * (logarithm + (shift - row[label]));
        // Left out without smoothing: a masked class (-infinity) would make it 0 * infinity.
        if (smoothing != 0.0f) {
            loss += smoothing * logarithm + share * sum_below(classes, shift, row);
        }
        losses[r] = scale * loss;
        if (out) {
            const float inverse = 1.0f / sum;
            KNAS_EACH(
                i, classes, 0, out,
                scale * (knas_exp_of_negative(row[i] - shift) * inverse - share));
            out[label] -= scale * (1.0f - smoothing);
        }
    }
}
