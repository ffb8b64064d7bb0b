// Build tool: turns files into one C++ source with a function that returns their contents by name.
//
//   embed_files OUT.cc HEADER NAMESPACE FUNCTION FILE...
//
// The name of a file is its last path component.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace {

// String literals are cut, since compilers limit their length; adjacent ones join again.
constexpr std::size_t kLiteralBytesMax = 4096;

void AppendLiteral(std::string& out, const std::string& bytes) {
  constexpr char kOctal[] = "01234567";
  for (std::size_t at = 0; at < bytes.size(); at += kLiteralBytesMax) {
    out += "\n    \"";
    for (const char raw : bytes.substr(at, kLiteralBytesMax)) {
      const auto byte = static_cast<unsigned char>(raw);
      if (byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\' && byte != '?') {
        out += raw;
      } else {
        out += {'\\', kOctal[byte >> 6], kOctal[(byte >> 3) & 7], kOctal[byte & 7]};
      }
    }
    out += '"';
  }
  if (bytes.empty()) out += "\"\"";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  std::string out = "#include \"" + std::string(argv[2]) + "\"\n\n#include <string_view>\n\n";
  out += "namespace " + std::string(argv[3]) + " {\n\nstd::string_view " + argv[4] +
         "(std::string_view name) {\n";
  for (int i = 5; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)),
                            std::istreambuf_iterator<char>());
    if (!file) {
      std::fprintf(stderr, "embed_files: cannot read %s\n", argv[i]);
      return 1;
    }
    out += "  if (name == \"" + std::filesystem::path(argv[i]).filename().string() +
           "\") {\n    return std::string_view(";
    AppendLiteral(out, bytes);
    out += ",\n        " + std::to_string(bytes.size()) + ");\n  }\n";
  }
  out += "  return {};\n}\n\n}  // namespace " + std::string(argv[3]) + "\n";
  std::ofstream(argv[1], std::ios::binary | std::ios::trunc) << out;
  return 0;
}
