// What the products share: oneDNN's functions, each thread's memory, and how matrices are described.
#pragma once

#include "COneDNN.h"

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

#ifdef KNAS_HAS_ONEDNN

#pragma GCC visibility push(hidden)

// oneDNN's functions, from the library that is loaded at run time.
#define KNAS_ONEDNN_FUNCTIONS(F) \
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
    F(dnnl_primitive_attr_set_post_ops) \
    F(dnnl_post_ops_create) \
    F(dnnl_post_ops_append_sum) \
    F(dnnl_post_ops_destroy) \
    F(dnnl_primitive_desc_create) \
    F(dnnl_primitive_desc_destroy) \
    F(dnnl_primitive_desc_query_md) \
    F(dnnl_reorder_primitive_desc_create) \
    F(dnnl_primitive_create) \
    F(dnnl_primitive_destroy) \
    F(dnnl_primitive_execute) \
    F(dnnl_memory_create) \
    F(dnnl_memory_destroy)

#define DECLARE(name) extern __typeof__(&name) knas_p_##name;
KNAS_ONEDNN_FUNCTIONS(DECLARE)
#undef DECLARE

extern dnnl_engine_t knas_engine;

// Memory that grows as needed.
typedef struct {
    void *start;
    size_t size;
} knas_memory;

// A product of matrices of one size, and the memory that it works in, which is given to it, as oneDNN's own
// is for one thread.
typedef struct {
    int64_t m, n, k;
    int flags;
    dnnl_primitive_t primitive;
    dnnl_memory_desc_t scratch;
} knas_product;

enum { KNAS_PRODUCTS = 1024 };

// A thread's own stream, what it works in (rounded rows, a result, oneDNN's scratch memory), and the
// products that it has made, by their sizes.
typedef struct {
    dnnl_stream_t stream;
    knas_memory rows, result, scratch;
    knas_product *products[KNAS_PRODUCTS];
} knas_workspace;

// The calling thread's, with so many bytes at least; NULL where there are none left.
knas_workspace *knas_own_workspace(size_t rows, size_t result, size_t scratch);

// A matrix that is stored row after row, or, transposed, column after column.
dnnl_status_t knas_describe(
    dnnl_memory_desc_t *desc, int64_t rows, int64_t columns, dnnl_data_type_t type, int transposed);
// A product that finds its working memory among its arguments, and adds to its result where it is to.
dnnl_status_t knas_make_description(
    const dnnl_matmul_desc_t *matmul, int accumulate, dnnl_primitive_desc_t *made);
dnnl_status_t knas_execute(
    dnnl_primitive_t primitive, knas_workspace *space, int count, dnnl_exec_arg_t *arguments);

#pragma GCC visibility pop

#endif
