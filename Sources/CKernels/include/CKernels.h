// Hot loops over float32 rows, compiled for several instruction sets.
//
// Conventions: matrices are row-major and contiguous, `rows` x `width`; `accumulate` non-zero means
// that the result is added to what the output holds. In-place use (output == first input) is allowed
// where a function says so. Nothing here allocates, locks, or keeps state, and every result is a
// function of the arguments alone. Counts may be zero.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Activations. The exact GELU is x * Phi(x); the tanh form is Hendrycks and Gimpel's approximation.
enum {
    KNAS_RELU = 0,
    KNAS_GELU = 1,
    KNAS_GELU_TANH = 2,
    KNAS_SILU = 3,
    KNAS_TANH = 4,
    KNAS_SIGMOID = 5,
};

// y = f(x). In place allowed.
void knas_activation(int32_t kind, int64_t count, const float *x, float *y);
// dx (+)= dy * f'(x). dx == dy allowed when accumulate is 0.
void knas_activation_backward(
    int32_t kind, int64_t count, const float *x, const float *dy, float *dx, int32_t accumulate);

// Softmax of scale * x over each row, in place. Rows lie `stride` floats apart.
void knas_softmax_rows(int64_t rows, int64_t width, int64_t stride, float scale, float *x);
// dx = scale * p * (dp - sum(dp * p)) for each row, written over dp.
void knas_softmax_rows_backward(
    int64_t rows, int64_t width, int64_t stride, float scale, const float *p, float *dp);
// out[r] = log(sum(exp(x[r, :]))), computed without overflow.
void knas_log_sum_exp_rows(int64_t rows, int64_t width, const float *x, float *out);

// y = (x - mean) * rstd * gain + bias; gain and bias may both be NULL (no affine part). mean and rstd
// (`rows` each) are stored for the backward pass. In place allowed.
void knas_layer_norm(
    int64_t rows, int64_t width, const float *x, const float *gain, const float *bias, float eps,
    float *y, float *mean, float *rstd);
// dx (+)= the gradient with respect to x. dx == dy allowed when accumulate is 0.
void knas_layer_norm_backward(
    int64_t rows, int64_t width, const float *x, const float *gain, const float *mean,
    const float *rstd, const float *dy, float *dx, int32_t accumulate);
// dgain += sum over rows of dy * (x - mean) * rstd; dbias += sum over rows of dy.
void knas_layer_norm_parameters(
    int64_t rows, int64_t width, const float *x, const float *mean, const float *rstd,
    const float *dy, float *dgain, float *dbias);

// y[r, :] = bias for each row (fills; used before a matrix product that accumulates).
void knas_fill_rows(int64_t rows, int64_t width, const float *bias, float *y);
// out[w] (+)= sum over rows of x[r, w].
void knas_column_sums(int64_t rows, int64_t width, const float *x, float *out, int32_t accumulate);
// sums[i] += sum over r of x[r, i], in double, row after row.
void knas_double_column_sums(int64_t rows, int64_t width, const float *x, double *sums);
// squares[i] += sum over r of (x[r, i] - means[i])^2, in double, row after row.
void knas_column_square_deviations(
    int64_t rows, int64_t width, const float *x, const double *means, double *squares);

// Elementwise. In place allowed.
void knas_add(int64_t count, const float *a, const float *b, float *y);
void knas_subtract(int64_t count, const float *a, const float *b, float *y);
void knas_multiply(int64_t count, const float *a, const float *b, float *y, int32_t accumulate);
void knas_absolute_difference(int64_t count, const float *a, const float *b, float *y);
// da += dy * sign(a - b); db -= dy * sign(a - b); sign(0) = 0. Either may be NULL.
void knas_absolute_difference_backward(
    int64_t count, const float *a, const float *b, const float *dy, float *da, float *db);
// y += alpha * x.
void knas_axpy(int64_t count, float alpha, const float *x, float *y);
// y = alpha * x. In place allowed.
void knas_scale(int64_t count, float alpha, const float *x, float *y);
// y[r, :] (+)= x[r, :] * scale[:] + shift[:]; shift may be NULL.
void knas_affine_rows(
    int64_t rows, int64_t width, const float *x, const float *scale, const float *shift, float *y,
    int32_t accumulate);
// sum(a * b), accumulated in at least 16 float lanes that are summed in double at the end of blocks
// of at most 4096 elements.
double knas_dot(int64_t count, const float *a, const float *b);
double knas_sum(int64_t count, const float *x);

// Products of x, [rows, width], for a few columns.
// out[r, c] += sum over i of x[r, i] * w[c, i].
void knas_row_dots(
    int64_t rows, int64_t width, const float *x, int64_t columns, const float *w, float *out);
// out[c, i] += sum over r of s[r, c] * x[r, i].
void knas_weighted_row_sums(
    int64_t rows, int64_t width, const float *x, int64_t columns, const float *s, float *out);
// 1 when every element is finite, else 0.
int32_t knas_all_finite(int64_t count, const float *x);

// Copies columns: y[r, 0..<width] (+)= x[r, 0..<width] with row strides in floats.
void knas_copy_columns(
    int64_t rows, int64_t width, const float *x, int64_t x_stride, float *y, int64_t y_stride,
    int32_t accumulate);
// y[r, c] = a[r, c] * b[r, c] and |a[r, c] - b[r, c]|, with a row stride of y in floats.
void knas_multiply_columns(
    int64_t rows, int64_t width, const float *a, const float *b, float *y, int64_t y_stride);
void knas_absolute_difference_columns(
    int64_t rows, int64_t width, const float *a, const float *b, float *y, int64_t y_stride);

// y[i] (+)= keep_i * x[i] / (1 - rate) with keep_i = hash(key, first + i) decided by a counter-based
// 64- or 32-bit mix, so that the backward pass calls the same function on dy. rate in [0, 1).
void knas_dropout(
    int64_t count, float rate, uint64_t key, uint64_t first, const float *x, float *y,
    int32_t accumulate);

// Ragged sequences: sequence s is rows offsets[s] ..< offsets[s + 1]; every sequence has a row.
void knas_mean_pool(
    int64_t sequences, const int64_t *offsets, int64_t width, const float *x, float *y);
void knas_mean_pool_backward(
    int64_t sequences, const int64_t *offsets, int64_t width, const float *dy, float *dx,
    int32_t accumulate);
// argmax[s, w] is the absolute row of the (first) maximum.
void knas_max_pool(
    int64_t sequences, const int64_t *offsets, int64_t width, const float *x, float *y,
    int32_t *argmax);
void knas_max_pool_backward(
    int64_t sequences, int64_t width, const int32_t *argmax, const float *dy, float *dx);  // adds
// Weighted sum of rows, the weights a softmax over the rows of a sequence of one score per row.
// p (one float per row) receives the softmax.
void knas_attention_pool(
    int64_t sequences, const int64_t *offsets, int64_t width, const float *scores, const float *x,
    float *p, float *y);
// dscores (+)= ..., dx (+)= ...; dx may be NULL.
void knas_attention_pool_backward(
    int64_t sequences, const int64_t *offsets, int64_t width, const float *p, const float *x,
    const float *dy, float *dscores, float *dx, int32_t accumulate_scores, int32_t accumulate_x);

// Depthwise convolution along each sequence, zero padding, odd kernel:
// y[t, w] = bias[w] + sum_k x[t + k - kernel / 2, w] * weight[k, w]. weight is kernel x width.
void knas_depthwise_convolution(
    int64_t sequences, const int64_t *offsets, int64_t width, int64_t kernel, const float *x,
    const float *weight, const float *bias, float *y);
void knas_depthwise_convolution_backward(
    int64_t sequences, const int64_t *offsets, int64_t width, int64_t kernel, const float *weight,
    const float *dy, float *dx, int32_t accumulate);
// dweight += ..., dbias += ..., over the sequences given.
void knas_depthwise_convolution_parameters(
    int64_t sequences, const int64_t *offsets, int64_t width, int64_t kernel, const float *x,
    const float *dy, float *dweight, float *dbias);
// Windows of neighbouring rows, zero padding: y[t, k * width + w] = x[t + k - kernel / 2, w].
void knas_unfold(
    int64_t sequences, const int64_t *offsets, int64_t width, int64_t kernel, const float *x,
    float *y);
void knas_unfold_backward(
    int64_t sequences, const int64_t *offsets, int64_t width, int64_t kernel, const float *dy,
    float *dx, int32_t accumulate);

// gram[i * examples + j] += sum over rows t of example i and s of example j of a[t, s] * b[t, s],
// for first <= i < last and j <= i. a and b hold the rows of examples first to last - 1, `stride` floats each, columns being the rows of all examples from 0;
// row offsets as above. Sums in double.
void knas_block_products(
    int64_t examples, int64_t first, int64_t last, const int64_t *offsets, int64_t stride,
    const float *a, const float *b, double *gram);

// Embedding rows: y[r, :] (+)= table[ids[r], :]. The caller has range-checked the ids.
void knas_gather_rows(
    int64_t rows, int64_t width, const int32_t *ids, const float *table, float *y,
    int32_t accumulate);
void knas_gather_rows_f16(
    int64_t rows, int64_t width, const int32_t *ids, const uint16_t *table, float *y,
    int32_t accumulate);
void knas_gather_rows_bf16(
    int64_t rows, int64_t width, const int32_t *ids, const uint16_t *table, float *y,
    int32_t accumulate);
// table[ids[r], :] += x[r, :], rows in order.
void knas_scatter_add_rows(
    int64_t rows, int64_t width, const int32_t *ids, const float *x, float *table);

// Conversions, round to nearest even; infinities, NaN and subnormals are kept.
void knas_f16_to_f32(int64_t count, const uint16_t *x, float *y);
void knas_f32_to_f16(int64_t count, const float *x, uint16_t *y);
void knas_bf16_to_f32(int64_t count, const uint16_t *x, float *y);

// absolute[i] += |x[i]|; sum[i] += x[i]; squares[i] += x[i]^2, all in double.
void knas_accumulate_moments(
    int64_t count, const float *x, double *absolute, double *sum, double *squares);
// signs[r, w] += sign(x[r, w]), counting as zero what is not above `threshold` times the largest
// magnitude of row r. signs is exact up to 2^24 additions.
void knas_accumulate_signs(
    int64_t rows, int64_t width, const float *x, float threshold, float *signs);

// One step of AdamW (Loshchilov and Hutter, ICLR 2019, Algorithm 2, as PyTorch computes it):
// w -= rate * decay * w; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
// w -= rate * (m / correction1) / (sqrt(v / correction2) + eps).
void knas_adamw(
    int64_t count, float *w, const float *g, float *m, float *v, float rate, float beta1,
    float beta2, float eps, float decay, float correction1, float correction2);

// dlogits[r, c] = weight[r] * (softmax(logits[r])[c] - target[r, c]); losses[r] = weight[r] * cross
// entropy; weight may be NULL (ones). target is the one-hot of labels smoothed by `smoothing`:
// (1 - smoothing) * [c == label] + smoothing / classes. dlogits may be NULL.
void knas_cross_entropy(
    int64_t rows, int64_t classes, const float *logits, const int32_t *labels, const float *weight,
    float smoothing, float *losses, float *dlogits);

// Products of gradient kernels, formed in place by tiles of registers.

// Whether the processor has the registers for which the two functions below beat a matrix library.
int32_t knas_prefers_own_products(void);
// c[i, :] = sum over t < count of d[t, i] * x[t, :], for i < m; c has m rows of n columns. Made for
// counts of some dozens.
void knas_outer_products(
    int64_t m, int64_t n, int64_t count, const float *d, int64_t stride_d, const float *x,
    int64_t stride_x, float *c, int64_t stride_c);
// gram[i * examples + j] += <g_i, g_j> for j <= i, of rows g_i of `width` floats `stride` apart. The
// terms are summed in float, a thousand at a time, then in double.
void knas_gram_lower(
    int64_t examples, int64_t width, const float *g, int64_t stride, double *gram);

// Makes the C library's allocator give large freed blocks back to the system at once (glibc; elsewhere
// nothing). For a program's start: it concerns the whole process and costs no time that was measurable.
void knas_return_freed_memory(void);

#ifdef __cplusplus
}
#endif
