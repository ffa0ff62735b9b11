// Text searches that the checks share. Linear in the text for each fixed list. Pure; thread safe.
#pragma once

#include <array>
#include <bitset>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/scene.h"

namespace countersign::inspect {

/// A text with ASCII letters in lower case and runs of white space as one space, and which pairs of
/// bytes stand in it: the checks look for hundreds of phrases, and nearly every one of them has a
/// pair that the text has not.
class Folded {
public:
    explicit Folded(std::string_view text);
    [[nodiscard]] std::string_view text() const { return text_; }
    operator std::string_view() const { return text_; }  // NOLINT(google-explicit-constructor)
    [[nodiscard]] bool contains(std::string_view part) const;

private:
    static constexpr std::size_t kPairs = 4096;
    static constexpr std::size_t slot(char first, char second) {
        return (static_cast<unsigned char>(first) * 67U + static_cast<unsigned char>(second)) %
               kPairs;
    }

    std::string text_;
    std::bitset<kPairs> pairs_;
};

inline Folded fold(std::string_view text) {
    return Folded(text);
}

bool contains(std::string_view text, std::string_view part);
/// Whether `call` begins with Python's urlopen(URL, DATA): its second argument is sent
/// (urllib.request). Looks at the first 512 bytes.
bool passes_data(std::string_view call);
inline bool contains(const Folded& text, std::string_view part) {
    return text.contains(part);
}
template <std::size_t N>
bool contains_any(const Folded& text, const std::array<std::string_view, N>& parts) {
    for (const std::string_view part : parts) {
        if (text.contains(part)) {
            return true;
        }
    }
    return false;
}
bool contains_any_folded(std::string_view text, std::initializer_list<std::string_view> parts);
template <std::size_t N>
bool contains_any(std::string_view text, const std::array<std::string_view, N>& parts) {
    for (const std::string_view part : parts) {
        if (contains(text, part)) {
            return true;
        }
    }
    return false;
}
/// Whether `word` stands in `text` with no letter, digit or underscore at either side.
bool contains_word(std::string_view text, std::string_view word);

/// Program texts among an interpreter's words and input: every word that is no plain option, and
/// the literal text of here-documents.
std::vector<std::string> program_texts(const Item& item);
/// What echo, printf, cat or tee would write to a file: the words or the here-document, only when
/// the output goes to a file.
std::string written_text(const Item& item);
/// "nc -e /bin/sh HOST" and its like, "bash -i >& /dev/tcp/" inside a longer text.
bool mentions_connector_shell(std::string_view text);

/// "reverse_shell", "bind_shell" or nullptr for a program's text in any language.
const char* shell_program_kind(std::string_view text);

/// Absolute paths of block devices: /dev/sda1, /dev/nvme0n1, /dev/mapper/x ...
bool is_block_device(std::string_view path);

}  // namespace countersign::inspect
