#include "CSentencePiece.h"

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

// Exported by the library, but declared in none of the headers that Debian installs.
namespace sentencepiece {
namespace logging {
void SetMinLogLevel(int level);
}
}  // namespace sentencepiece

struct knas_sentencepiece {
    sentencepiece::SentencePieceProcessor processor;
    std::vector<std::string> pieces;
};

namespace {

char *copy_text(const std::string &text) {
    char *copy = static_cast<char *>(std::malloc(text.size() + 1));
    if (copy) std::memcpy(copy, text.c_str(), text.size() + 1);
    return copy;
}

int32_t fail(char **error, const std::string &text) {
    if (error) *error = copy_text(text);
    return 1;
}

// Runs a body that gives a status; exceptions become errors.
template <typename Body>
int32_t guarded(char **error, Body body) {
    try {
        sentencepiece::util::Status status = body();
        return status.ok() ? 0 : fail(error, status.ToString());
    } catch (const std::exception &exception) {
        return fail(error, exception.what());
    } catch (...) {
        return fail(error, "unknown exception");
    }
}

sentencepiece::util::Status memory_error() {
    return sentencepiece::util::Status(
        sentencepiece::util::StatusCode::kResourceExhausted, "out of memory");
}

// Hands out texts that the caller keeps in memory.
class TextIterator : public sentencepiece::SentenceIterator {
   public:
    TextIterator(const char *const *texts, const size_t *lengths, size_t count)
        : texts_(texts), lengths_(lengths), count_(count) {
        load();
    }
    bool done() const override { return position_ >= count_; }
    void Next() override {
        ++position_;
        load();
    }
    const std::string &value() const override { return value_; }
    sentencepiece::util::Status status() const override {
        return sentencepiece::util::Status();
    }

   private:
    void load() {
        if (position_ < count_) value_.assign(texts_[position_], lengths_[position_]);
    }
    const char *const *texts_;
    const size_t *lengths_;
    size_t count_;
    size_t position_ = 0;
    std::string value_;
};

}  // namespace

extern "C" {

knas_sentencepiece *knas_sp_load(const void *bytes, size_t count, char **error) {
    knas_sentencepiece *handle = nullptr;
    int32_t status = guarded(error, [&] {
        sentencepiece::logging::SetMinLogLevel(3);
        handle = new knas_sentencepiece;
        auto result = handle->processor.LoadFromSerializedProto(
            absl::string_view(static_cast<const char *>(bytes), count));
        if (!result.ok()) return result;
        int size = handle->processor.GetPieceSize();
        handle->pieces.reserve(static_cast<size_t>(size));
        for (int id = 0; id < size; ++id)
            handle->pieces.push_back(handle->processor.IdToPiece(id));
        return result;
    });
    if (status == 0) return handle;
    delete handle;
    return nullptr;
}

void knas_sp_release(knas_sentencepiece *handle) { delete handle; }

void knas_sp_free(void *memory) { std::free(memory); }

int32_t knas_sp_size(const knas_sentencepiece *handle) {
    return static_cast<int32_t>(handle->pieces.size());
}

const char *knas_sp_piece(const knas_sentencepiece *handle, int32_t id, size_t *length) {
    const std::string &piece = handle->pieces[static_cast<size_t>(id)];
    *length = piece.size();
    return piece.data();
}

int32_t knas_sp_id(const knas_sentencepiece *handle, const char *piece, size_t length) {
    return handle->processor.PieceToId(absl::string_view(piece, length));
}

int32_t knas_sp_unknown(const knas_sentencepiece *handle) {
    return handle->processor.unk_id();
}

int32_t knas_sp_encode(
    const knas_sentencepiece *handle, const char *text, size_t length, int32_t **ids,
    size_t *id_count, char **error) {
    *ids = nullptr;
    *id_count = 0;
    return guarded(error, [&] {
        std::vector<int> found;
        auto status = handle->processor.Encode(absl::string_view(text, length), &found);
        if (!status.ok()) return status;
        int32_t *copy =
            static_cast<int32_t *>(std::malloc(found.size() * sizeof(int32_t) + 1));
        if (!copy) return memory_error();
        for (size_t i = 0; i < found.size(); ++i) copy[i] = found[i];
        *ids = copy;
        *id_count = found.size();
        return status;
    });
}

int32_t knas_sp_train(
    const char *const *texts, const size_t *lengths, size_t count, int32_t vocabulary_size,
    const char *rule, void **model, size_t *model_count, char **error) {
    *model = nullptr;
    *model_count = 0;
    return guarded(error, [&] {
        sentencepiece::logging::SetMinLogLevel(3);
        TextIterator iterator(texts, lengths, count);
        std::string serialized;
        // One thread, so that the same texts always give the same model.
        auto status = sentencepiece::SentencePieceTrainer::Train(
            "--model_type=unigram --num_threads=1 --hard_vocab_limit=false"
            " --vocab_size=" + std::to_string(vocabulary_size) +
                " --normalization_rule_name=" + rule,
            &iterator, &serialized);
        if (!status.ok()) return status;
        void *copy = std::malloc(serialized.size() + 1);
        if (!copy) return memory_error();
        std::memcpy(copy, serialized.data(), serialized.size());
        *model = copy;
        *model_count = serialized.size();
        return status;
    });
}

}  // extern "C"
