#include "inspect/lexical.h"

#include <algorithm>

namespace countersign::inspect {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_name_byte(char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

bool writes_a_file(const Item& item) {
    if (item.name == "tee") {
        return true;
    }
    return std::any_of(item.command->redirections.begin(), item.command->redirections.end(),
                       [](const model::Redirection& redirection) {
                           return redirection.kind == model::Redirection::Kind::Write ||
                                  redirection.kind == model::Redirection::Kind::Append;
                       });
}

void add_here_text(const Item& item, std::vector<std::string>& out) {
    if (item.command->input.kind == model::InputSource::Kind::Text) {
        out.push_back(
            item.command->input.content.value.value_or(item.command->input.content.known_prefix));
    }
}

}  // namespace

Folded::Folded(std::string_view text) {
    text_.resize(text.size());
    std::size_t size = 0;
    char last = 0;
    for (const char c : text) {
        const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        const char next = space ? ' ' : lower(c);
        if (space && last == ' ') {
            continue;
        }
        pairs_.set(slot(last, next));
        text_[size++] = next;
        last = next;
    }
    text_.resize(size);
}

bool Folded::contains(std::string_view part) const {
    for (std::size_t i = 1; i < part.size(); ++i) {
        if (!pairs_.test(slot(part[i - 1], part[i]))) {
            return false;
        }
    }
    return text_.find(part) != std::string::npos;
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

bool contains_any_folded(std::string_view text, std::initializer_list<std::string_view> parts) {
    const Folded folded = fold(text);
    return std::any_of(parts.begin(), parts.end(),
                       [&](std::string_view part) { return contains(folded, part); });
}

bool contains_word(std::string_view text, std::string_view word) {
    for (std::size_t at = text.find(word); at != std::string_view::npos;
         at = text.find(word, at + 1)) {
        const bool before = at > 0 && is_name_byte(text[at - 1]);
        const std::size_t end = at + word.size();
        const bool after = end < text.size() && is_name_byte(text[end]);
        if (!before && !after) {
            return true;
        }
    }
    return false;
}

std::vector<std::string> program_texts(const Item& item) {
    std::vector<std::string> texts;
    for (const std::string& word : item.words) {
        if (word.size() > 8) {
            texts.push_back(word);
        }
    }
    add_here_text(item, texts);
    return texts;
}

std::string written_text(const Item& item) {
    static constexpr auto kWriters =
        std::to_array<std::string_view>({"echo", "printf", "cat", "tee", "print"});
    if (std::find(kWriters.begin(), kWriters.end(), item.name) == kWriters.end()) {
        return {};
    }
    const bool goes_somewhere = writes_a_file(item) || item.command->pipes_to.has_value();
    if (!goes_somewhere) {
        return {};
    }
    std::vector<std::string> here;
    add_here_text(item, here);
    if (item.name == "echo" || item.name == "printf" || item.name == "print") {
        return joined(item);
    }
    return here.empty() ? std::string() : here.front();
}

bool mentions_connector_shell(std::string_view text) {
    if (text.empty()) {
        return false;
    }
    const Folded folded = fold(text);
    static constexpr auto kShapes = std::to_array<std::string_view>(
        {"nc -e /bin", "ncat -e /bin", "netcat -e /bin", "nc -c /bin", "nc -lvp",
         "bash -i >& /dev/tcp", "bash -i >&/dev/tcp", "sh -i >& /dev/", "0>&1 /dev/tcp",
         "exec 5<>/dev/tcp", "| nc ", "socat tcp"});
    if (contains_any(folded, kShapes)) {
        return contains(folded, "/bin/") || contains(folded, "/dev/tcp") ||
               contains(folded, "exec:");
    }
    return false;
}

bool is_block_device(std::string_view path) {
    static constexpr auto kPrefixes = std::to_array<std::string_view>(
        {"/dev/sd", "/dev/hd", "/dev/vd", "/dev/xvd", "/dev/nvme", "/dev/mmcblk", "/dev/disk",
         "/dev/md", "/dev/dm-", "/dev/mapper/", "/dev/rdisk", "/dev/loop", "/dev/mem", "/dev/kmem",
         "/dev/port", "/dev/mtd"});
    return std::any_of(kPrefixes.begin(), kPrefixes.end(),
                       [&](std::string_view prefix) { return path.starts_with(prefix); });
}

bool passes_data(std::string_view call) {
    static constexpr std::string_view kOpen = "urlopen(";
    if (!call.starts_with(kOpen)) {
        return false;
    }
    call = call.substr(kOpen.size(), 512);
    int depth = 0;
    char quote = 0;
    for (std::size_t i = 0; i < call.size() && depth >= 0; ++i) {
        const char c = call[i];
        if (quote != 0) {
            quote = c == quote ? '\0' : quote;
        } else if (c == '\'' || c == '"') {
            quote = c;
        } else if (c == '(' || c == '[' || c == '{') {
            ++depth;
        } else if (c == ')' || c == ']' || c == '}') {
            --depth;
        } else if (c == ',' && depth == 0) {
            const std::string_view rest =
                call.substr(std::min(call.find_first_not_of(' ', i + 1), call.size()));
            return !rest.starts_with("timeout") && !rest.starts_with("context") &&
                   !rest.starts_with("ca") && !rest.starts_with("None");
        }
    }
    return false;
}

}  // namespace countersign::inspect
