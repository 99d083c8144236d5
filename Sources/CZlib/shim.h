#pragma once
#include <zlib.h>

/// `inflateInit2` is a macro, which Swift cannot call. 31: gzip's header and trailer, a window of 32 KiB.
static inline int knas_inflate_init(z_stream *stream) { return inflateInit2(stream, 31); }
