/* Nothing in the page packs a snapshot: it takes a setting that the page does not make. */
#include <zlib.h>

int deflateInit2(z_stream *stream, int level, int method, int window, int memory, int strategy)
{
    (void)stream;
    (void)level;
    (void)method;
    (void)window;
    (void)memory;
    (void)strategy;
    return Z_STREAM_ERROR;
}

int deflateSetHeader(z_stream *stream, gz_header *header)
{
    (void)stream;
    (void)header;
    return Z_STREAM_ERROR;
}

int deflate(z_stream *stream, int flush)
{
    (void)stream;
    (void)flush;
    return Z_STREAM_ERROR;
}

int deflateEnd(z_stream *stream)
{
    (void)stream;
    return Z_STREAM_ERROR;
}

int inflateInit2(z_stream *stream, int window)
{
    (void)stream;
    (void)window;
    return Z_STREAM_ERROR;
}

int inflate(z_stream *stream, int flush)
{
    (void)stream;
    (void)flush;
    return Z_STREAM_ERROR;
}

int inflateEnd(z_stream *stream)
{
    (void)stream;
    return Z_STREAM_ERROR;
}
