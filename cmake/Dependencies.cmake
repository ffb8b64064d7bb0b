# Everything comes from Debian 12's packages; see deploy/packages.txt.

find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(RocksDB CONFIG REQUIRED)
find_library(LZ4_LIBRARY lz4 REQUIRED)  # Has no package of its own.
find_package(Boost 1.81 REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(simdjson CONFIG REQUIRED)
find_package(yaml-cpp CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
if(TOLLGATE_TESTS)
  find_package(GTest CONFIG REQUIRED)
endif()

# Asio and Beast are compiled once, here, instead of in every file that includes them.
add_library(tg_asio STATIC ${CMAKE_SOURCE_DIR}/cmake/asio.cc)
target_compile_definitions(tg_asio PUBLIC
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
# GCC 12 takes awaitable's own operator delete for a mismatch (gcc.gnu.org/PR103993).
target_compile_options(tg_asio PUBLIC
  $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>)
target_link_libraries(tg_asio PUBLIC Boost::headers OpenSSL::SSL OpenSSL::Crypto Threads::Threads)

# Boost.JSON and Boost.URL are header-only in Debian's Boost 1.81.
add_library(tg_boost_json STATIC ${CMAKE_SOURCE_DIR}/cmake/boost_json.cc)
target_link_libraries(tg_boost_json PUBLIC Boost::headers)
