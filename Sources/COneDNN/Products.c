#include "COneDNN.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__has_include)
#if __has_include(<oneapi/dnnl/dnnl.h>)
#include <oneapi/dnnl/dnnl.h>
#if DNNL_VERSION_MAJOR == 2
#define KNAS_HAS_ONEDNN 1
#endif
#endif
#endif

#ifndef KNAS_HAS_ONEDNN

knas_bf16_state knas_bf16_available(void) { return KNAS_BF16_NOT_BUILT; }
knas_bf16_weights *knas_bf16_pack(int64_t n, int64_t k, const float *weights, const float *bias) {
    return NULL;
}
void knas_bf16_free(knas_bf16_weights *weights) {}
int knas_bf16_multiply(const knas_bf16_weights *weights, int64_t m, const float *x, float *y) {
    return 1;
}

#else

// oneDNN's functions, from the library that is loaded at run time.
#define FUNCTIONS(F) \
    F(dnnl_version) \
    F(dnnl_engine_create) \
    F(dnnl_stream_create) \
    F(dnnl_stream_destroy) \
    F(dnnl_stream_wait) \
    F(dnnl_memory_desc_init_by_strides) \
    F(dnnl_memory_desc_init_by_tag) \
    F(dnnl_memory_desc_get_size) \
    F(dnnl_matmul_desc_init) \
    F(dnnl_primitive_attr_create) \
    F(dnnl_primitive_attr_destroy) \
    F(dnnl_primitive_attr_set_scratchpad_mode) \
    F(dnnl_primitive_desc_create) \
    F(dnnl_primitive_desc_destroy) \
    F(dnnl_primitive_desc_query_md) \
    F(dnnl_reorder_primitive_desc_create) \
    F(dnnl_primitive_create) \
    F(dnnl_primitive_destroy) \
    F(dnnl_primitive_execute) \
    F(dnnl_memory_create) \
    F(dnnl_memory_destroy)

#define DECLARE(name) static __typeof__(&name) p_##name;
FUNCTIONS(DECLARE)
#undef DECLARE

static dnnl_engine_t engine;
static knas_bf16_state state = KNAS_BF16_NO_LIBRARY;
static pthread_once_t once = PTHREAD_ONCE_INIT;
// oneDNN is built on OpenMP, which would start threads of its own in each of ours.
static void (*set_threads)(int);

static void load(void) {
    if (!__builtin_cpu_supports("avx512bf16")) {
        state = KNAS_BF16_NO_PROCESSOR;
        return;
    }
    void *library = dlopen("libdnnl.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
#define FIND(name) \
    if (!(p_##name = (__typeof__(&name))dlsym(library, #name))) return;
    FUNCTIONS(FIND)
#undef FIND
    // Found through the library, which depends on OpenMP's.
    set_threads = (void (*)(int))dlsym(library, "omp_set_num_threads");
    if (p_dnnl_version()->major != 2) return;
    if (p_dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success) return;
    state = KNAS_BF16_READY;
}

knas_bf16_state knas_bf16_available(void) {
    pthread_once(&once, load);
    return state;
}

// Rows are multiplied in blocks: a few sizes of block are a few programs that oneDNN has to make.
enum { BLOCK = 256, STEP = 16, SIZES = BLOCK / STEP };

// Memory that grows as needed.
typedef struct {
    void *start;
    size_t size;
} memory;

// Its content is lost where it grows; 0 where there is none left.
static int reserve(memory *own, size_t size) {
    if (own->size >= size) return 1;
    free(own->start);
    own->size = 0;
    own->start = aligned_alloc(64, (size + 63) / 64 * 64);
    if (own->start) own->size = size;
    return own->start != NULL;
}

// A thread's own stream, and what it works in: rounded rows, a result, oneDNN's scratch memory.
typedef struct {
    dnnl_stream_t stream;
    memory rows, result, scratch;
} workspace;

static pthread_key_t key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static void destroy_workspace(void *value) {
    workspace *space = value;
    if (space->stream) p_dnnl_stream_destroy(space->stream);
    free(space->rows.start);
    free(space->result.start);
    free(space->scratch.start);
    free(space);
}
static void make_key(void) { pthread_key_create(&key, destroy_workspace); }

// Sizes are in bytes.
static workspace *own_workspace(size_t rows, size_t result, size_t scratch) {
    pthread_once(&key_once, make_key);
    workspace *space = pthread_getspecific(key);
    if (!space) {
        space = calloc(1, sizeof *space);
        if (!space) return NULL;
        if (set_threads) set_threads(1);
        if (p_dnnl_stream_create(&space->stream, engine, dnnl_stream_default_flags) != dnnl_success
            || pthread_setspecific(key, space) != 0) {
            destroy_workspace(space);
            return NULL;
        }
    }
    return reserve(&space->rows, rows) && reserve(&space->result, result)
            && reserve(&space->scratch, scratch)
        ? space : NULL;
}

struct knas_bf16_weights {
    int64_t n, k;
    uint16_t *packed;
    float *bias;
    dnnl_memory_desc_t layout;
    // One for each number of rows: STEP, 2 STEP, ..., BLOCK; and the memory that it works in, which
    // is given to it, as oneDNN's own is for one thread.
    dnnl_primitive_t products[SIZES];
    dnnl_memory_desc_t scratch[SIZES];
};

static void round_to_bf16(int64_t count, const float *x, uint16_t *y) {
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, 4);
        // To the nearest, to even where two are as near; a NaN stays one.
        uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
        y[i] = (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? 0x7fc0 : rounded);
    }
}

// A matrix that is stored row after row, or, transposed, column after column.
static dnnl_status_t describe(
    dnnl_memory_desc_t *desc, int64_t rows, int64_t columns, dnnl_data_type_t type, int transposed
) {
    dnnl_dims_t sizes = {rows, columns};
    dnnl_dims_t strides = {transposed ? 1 : columns, transposed ? rows : 1};
    return p_dnnl_memory_desc_init_by_strides(desc, 2, sizes, type, strides);
}

// A product that finds its working memory among its arguments.
static dnnl_status_t make_description(const dnnl_matmul_desc_t *matmul, dnnl_primitive_desc_t *made) {
    dnnl_primitive_attr_t attributes;
    dnnl_status_t status = p_dnnl_primitive_attr_create(&attributes);
    if (status) return status;
    status = p_dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
    if (!status) status = p_dnnl_primitive_desc_create(made, matmul, attributes, engine, NULL);
    p_dnnl_primitive_attr_destroy(attributes);
    return status;
}

// The product with (size + 1) STEP rows; with `choose`, oneDNN says how weights are to be laid out.
static dnnl_status_t make_product(knas_bf16_weights *w, int size, int choose) {
    int64_t rows = (int64_t)(size + 1) * STEP;
    dnnl_memory_desc_t x, weights = w->layout, bias, y;
    dnnl_matmul_desc_t matmul;
    dnnl_primitive_desc_t made;
    dnnl_status_t status = describe(&x, rows, w->k, dnnl_bf16, 0);
    if (!status) status = describe(&y, rows, w->n, dnnl_f32, 0);
    if (!status && w->bias) status = describe(&bias, 1, w->n, dnnl_f32, 0);
    if (!status && choose) {
        dnnl_dims_t sizes = {w->k, w->n};
        status = p_dnnl_memory_desc_init_by_tag(&weights, 2, sizes, dnnl_bf16, dnnl_format_tag_any);
    }
    if (!status) status = p_dnnl_matmul_desc_init(&matmul, &x, &weights, w->bias ? &bias : NULL, &y);
    if (!status) status = make_description(&matmul, &made);
    if (status) return status;
    const dnnl_memory_desc_t *scratch =
        p_dnnl_primitive_desc_query_md(made, dnnl_query_scratchpad_md, 0);
    if (scratch) w->scratch[size] = *scratch;
    if (choose) {
        const dnnl_memory_desc_t *chosen =
            p_dnnl_primitive_desc_query_md(made, dnnl_query_weights_md, 0);
        if (chosen) w->layout = *chosen;
        else status = dnnl_runtime_error;
    }
    if (!status) status = p_dnnl_primitive_create(&w->products[size], made);
    p_dnnl_primitive_desc_destroy(made);
    return status;
}

static dnnl_status_t execute(dnnl_primitive_t primitive, workspace *space, int count, dnnl_exec_arg_t *arguments) {
    dnnl_status_t status = p_dnnl_primitive_execute(primitive, space->stream, count, arguments);
    return status ? status : p_dnnl_stream_wait(space->stream);
}

// Lays the weights out.
static dnnl_status_t pack(knas_bf16_weights *w, const float *weights) {
    workspace *space = own_workspace((size_t)(w->n * w->k) * 2, 0, 0);
    if (!space) return dnnl_out_of_memory;
    dnnl_memory_desc_t plain;
    dnnl_primitive_desc_t made;
    dnnl_primitive_t reorder;
    dnnl_memory_t from = NULL, to = NULL;
    // [n, k] row after row is [k, n] column after column.
    dnnl_status_t status = describe(&plain, w->k, w->n, dnnl_bf16, 1);
    if (!status) {
        status = p_dnnl_reorder_primitive_desc_create(&made, &plain, engine, &w->layout, engine, NULL);
    }
    if (status) return status;
    status = p_dnnl_primitive_create(&reorder, made);
    p_dnnl_primitive_desc_destroy(made);
    if (status) return status;
    round_to_bf16(w->n * w->k, weights, space->rows.start);
    status = p_dnnl_memory_create(&from, &plain, engine, space->rows.start);
    if (!status) status = p_dnnl_memory_create(&to, &w->layout, engine, w->packed);
    if (!status) {
        dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
        status = execute(reorder, space, 2, arguments);
    }
    if (from) p_dnnl_memory_destroy(from);
    if (to) p_dnnl_memory_destroy(to);
    p_dnnl_primitive_destroy(reorder);
    return status;
}

knas_bf16_weights *knas_bf16_pack(int64_t n, int64_t k, const float *weights, const float *bias) {
    knas_bf16_weights *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    w->n = n;
    w->k = k;
    if (bias) {
        w->bias = malloc((size_t)n * 4);
        if (!w->bias) goto failed;
        memcpy(w->bias, bias, (size_t)n * 4);
    }
    if (make_product(w, SIZES - 1, 1) != dnnl_success) goto failed;
    for (int size = 0; size < SIZES - 1; size++) {
        if (make_product(w, size, 0) != dnnl_success) goto failed;
    }
    w->packed = aligned_alloc(64, (p_dnnl_memory_desc_get_size(&w->layout) + 63) / 64 * 64);
    if (!w->packed || pack(w, weights) != dnnl_success) goto failed;
    return w;
failed:
    knas_bf16_free(w);
    return NULL;
}

void knas_bf16_free(knas_bf16_weights *w) {
    if (!w) return;
    for (int size = 0; size < SIZES; size++) {
        if (w->products[size]) p_dnnl_primitive_destroy(w->products[size]);
    }
    free(w->packed);
    free(w->bias);
    free(w);
}

// Up to BLOCK rows.
static int multiply_block(const knas_bf16_weights *w, int64_t m, const float *x, float *y) {
    int64_t size = (m + STEP - 1) / STEP, rows = size * STEP;
    const dnnl_memory_desc_t *scratch_desc = &w->scratch[size - 1];
    // A block that is not full is written elsewhere first.
    workspace *space = own_workspace(
        (size_t)(rows * w->k) * 2, rows == m ? 0 : (size_t)(rows * w->n) * 4,
        p_dnnl_memory_desc_get_size(scratch_desc));
    if (!space) return dnnl_out_of_memory;
    uint16_t *rounded = space->rows.start;
    round_to_bf16(m * w->k, x, rounded);
    memset(rounded + m * w->k, 0, (size_t)((rows - m) * w->k) * 2);
    float *target = rows == m ? y : space->result.start;
    dnnl_memory_desc_t x_desc, y_desc, bias_desc;
    dnnl_memory_t x_memory = NULL, y_memory = NULL, weights = NULL, bias = NULL, scratch = NULL;
    dnnl_status_t status = describe(&x_desc, rows, w->k, dnnl_bf16, 0);
    if (!status) status = describe(&y_desc, rows, w->n, dnnl_f32, 0);
    if (!status) status = p_dnnl_memory_create(&x_memory, &x_desc, engine, rounded);
    if (!status) status = p_dnnl_memory_create(&y_memory, &y_desc, engine, target);
    if (!status) status = p_dnnl_memory_create(&weights, &w->layout, engine, w->packed);
    if (!status) status = p_dnnl_memory_create(&scratch, scratch_desc, engine, space->scratch.start);
    if (!status && w->bias) {
        status = describe(&bias_desc, 1, w->n, dnnl_f32, 0);
        if (!status) status = p_dnnl_memory_create(&bias, &bias_desc, engine, w->bias);
    }
    if (!status) {
        dnnl_exec_arg_t arguments[] = {
            {DNNL_ARG_SRC, x_memory}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DST, y_memory},
            {DNNL_ARG_SCRATCHPAD, scratch}, {DNNL_ARG_BIAS, bias},
        };
        status = execute(w->products[size - 1], space, w->bias ? 5 : 4, arguments);
    }
    if (x_memory) p_dnnl_memory_destroy(x_memory);
    if (y_memory) p_dnnl_memory_destroy(y_memory);
    if (weights) p_dnnl_memory_destroy(weights);
    if (bias) p_dnnl_memory_destroy(bias);
    if (scratch) p_dnnl_memory_destroy(scratch);
    if (!status && target != y) memcpy(y, target, (size_t)(m * w->n) * 4);
    return status;
}

int knas_bf16_multiply(const knas_bf16_weights *w, int64_t m, const float *x, float *y) {
    for (int64_t first = 0; first < m; first += BLOCK) {
        int64_t count = m - first < BLOCK ? m - first : BLOCK;
        int status = multiply_block(w, count, x + first * w->k, y + first * w->n);
        if (status) return status;
    }
    return 0;
}

#endif
