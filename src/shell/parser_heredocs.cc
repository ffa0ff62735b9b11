// Here-documents: the delimiter where the redirection stands, the body after the next newline.
#include "shell/parser.h"
#include "shell/region.h"

namespace countersign::shell {

namespace {

/// bash's own bound (HEREDOC_MAX).
constexpr std::size_t kPendingMax = 16;

std::string_view strip_tabs(std::string_view line) {
    const std::size_t first = line.find_first_not_of('\t');
    return first == std::string_view::npos ? std::string_view() : line.substr(first);
}

std::size_t trailing_backslashes(std::string_view text) {
    std::size_t count = 0;
    while (count < text.size() && text[text.size() - 1 - count] == '\\') {
        ++count;
    }
    return count;
}

/// Where the line that starts at `begin` ends; with `continued`, an escaped newline does not end
/// it.
std::size_t line_end(std::string_view text, std::size_t begin, bool continued) {
    std::size_t end = text.find('\n', begin);
    while (continued && end != std::string_view::npos && end > begin &&
           trailing_backslashes(text.substr(begin, end - begin)) % 2 == 1) {
        end = text.find('\n', end + 1);
    }
    return end;
}

/// The line without its continuations, as it is compared with the delimiter.
std::string unfold(std::string_view line) {
    std::string out;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '\n') {
            ++i;
        } else {
            out += line[i];
        }
    }
    return out;
}

}  // namespace

void Parser::queue_here_document(Redirect& redirect) {
    HereDocument here;
    here.strip_tabs = redirect.kind == RedirectKind::HereDocumentTabs;
    if (posix()) {
        check_posix_delimiter(redirect.target);
    }
    here.delimiter = remove_quotes(redirect.target, here.quoted);
    if (here.delimiter.find('\n') != std::string_view::npos) {
        fail(redirect.target.span.begin, "a here-document delimiter of several lines");
    }
    redirect.here = arena_.make<HereDocument>(here);
    pending_.push_back(redirect.here);
    if (pending_.size() - here_.pending_mark > kPendingMax) {
        fail(redirect.target.span.begin, "more here-documents on one line than bash takes");
    }
}

/// What bash compares lines with: the word as written, its quotes removed, nothing expanded.
std::string_view Parser::remove_quotes(const Word& word, bool& quoted) {
    if (here_.fixed_span && word.parts.size() != 1) {
        fail(here_.at, "a here-document delimiter of several parts in a nested text");
        return {};
    }
    std::string out;
    for (const Part& part : word.parts) {
        switch (part.kind) {
            case PartKind::Literal:
                out += part.text;
                break;
            case PartKind::Escaped:
            case PartKind::SingleQuoted:
                quoted = true;
                out += part.text;
                break;
            case PartKind::DoubleQuoted:
            case PartKind::LocaleQuoted: {
                quoted = true;
                Word inner;
                inner.parts = part.parts;
                bool ignored = false;
                out += remove_quotes(inner, ignored);
                break;
            }
            case PartKind::AnsiQuoted:
                quoted = true;
                if (part.text.find('\\') != std::string_view::npos) {
                    fail(part.span.begin, "an escape in a here-document delimiter");
                }
                out += part.text;
                break;
            default:
                if (here_.fixed_span) {
                    fail(here_.at, "an expansion in a here-document delimiter");
                } else {
                    out += here_.text.substr(part.span.begin, part.span.end - part.span.begin);
                }
                break;
        }
    }
    return arena_.copy(std::string_view(out));
}

void Parser::read_here_documents() {
    const std::size_t first = here_.pending_mark;
    for (std::size_t i = first; i < pending_.size() && !failed_; ++i) {
        read_here_document(*pending_[i]);
    }
    if (!failed_ && pending_.size() > first) {
        pending_.resize(first);
    }
}

void Parser::read_here_document(HereDocument& here) {
    const std::size_t begin = here_.at;
    std::size_t body_end = begin;
    std::string joined;  // with leading tabs stripped
    bool ended = false;
    while (!ended && here_.at < here_.text.size()) {
        const std::size_t line_begin = here_.at;
        const std::size_t end_at = line_end(here_.text, line_begin, !here.quoted);
        const bool last = end_at == std::string_view::npos;
        const std::size_t stop = last ? here_.text.size() : end_at;
        std::string_view line = here_.text.substr(line_begin, stop - line_begin);
        if (here.strip_tabs) {
            line = strip_tabs(line);
        }
        std::string unfolded;
        std::string_view compared = line;
        if (!here.quoted && line.size() <= here.delimiter.size() * 3 + 64 &&
            line.find("\\\n") != std::string_view::npos) {
            unfolded = unfold(line);
            compared = unfolded;
        }
        const bool joined_end = !unfolded.empty() && compared == here.delimiter;
        if (posix() && !here.quoted && (joined_end || strip_tabs(line).starts_with("\\\n"))) {
            // dash joins lines before it looks for the delimiter, but only where a line begins.
            fail(line_begin, "a line joined where the here-document may end");
            return;
        }
        const bool closes_substitution =
            here_.in_substitution && !posix() && compared.data() == line.data() &&
            line.starts_with(here.delimiter) &&
            line.find(')', here.delimiter.size()) != std::string_view::npos;
        if (compared == here.delimiter || closes_substitution) {
            ended = true;
            here_.at = closes_substitution ? stop - line.size() + here.delimiter.size()
                                           : (last ? stop : stop + 1);
            break;
        }
        if (here.strip_tabs) {
            joined.append(line);
            if (!last) {
                joined += '\n';
            }
        }
        here_.at = last ? stop : stop + 1;
        body_end = here_.at;
    }
    finish_here_document(here, begin, body_end, std::move(joined), ended);
}

void Parser::finish_here_document(HereDocument& here, std::size_t begin, std::size_t body_end,
                                  std::string joined, bool ended) {
    const std::string_view raw_body = here_.text.substr(begin, body_end - begin);
    bool copied = here.strip_tabs;
    if (!ended && !raw_body.empty() && raw_body.back() != '\n') {
        // The text ends within a line of the body; the line is closed, as print() closes it.
        joined = copied ? joined : std::string(raw_body);
        const std::size_t slashes = trailing_backslashes(joined);
        joined += !here.quoted && slashes % 2 == 1 ? "\\\n" : "\n";
        copied = true;
    }
    here.span = here_.fixed_span.value_or(
        Span{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(body_end)});
    here.body.span = here.span;
    const std::string_view body = copied ? arena_.copy(std::string_view(joined)) : raw_body;
    Part part;
    part.kind = here.quoted ? PartKind::SingleQuoted : PartKind::Malformed;
    part.text = body;
    part.span = here.span;
    if (!here.quoted && !measuring_) {
        Context inside;
        inside.within = Within::HereBody;
        inside.quoted = true;
        std::optional<Span> fixed;
        if (copied) {
            fixed = here.span;
        }
        const std::string_view region = copied ? body : here_.text.substr(0, body_end);
        const bool ok = read_region(region, copied ? 0 : begin, fixed,
                                    [&] { here.body.parts = read_parts(inside, nullptr); });
        if (posix() && !ok) {
            fail(begin, "an error in the here-document");
        }
        if (ok || failed_) {
            return;
        }
    }
    if (!body.empty()) {
        here.body.parts = arena_.copy(std::span<const Part>(&part, 1));
    }
}

}  // namespace countersign::shell
