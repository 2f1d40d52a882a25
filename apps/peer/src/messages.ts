/** Everything that is said to a person while it works, English first; `{word}` is filled in. */
const english = {
  // Questions of the interactive mode.
  askMode: "Choose a mode (1: Upload, 2: Download): ",
  askPort: "Port for the peer server (empty or 0 = any): ",
  askPath: "Path of the file to upload: ",
  askName: "Name of the file to download: ",
  askPieceLength: "Piece length (empty = as offered): ",
  askOutput: "Name to save as (empty = the same name): ",
  askMethod: "How to download:\n1. From one peer\n2. From several peers\nYour choice (1/2): ",
  askWhich: "Which one (1-{count})? ",
  // Answers that will not do.
  answerNotOneOrTwo: '"{answer}" is neither 1 nor 2',
  answerNotPort: '"{answer}" is not a port: give a number from 0 to 65535, or nothing',
  answerEmpty: "an answer is needed here",
  answerNoSuchPath: 'there is no file or directory "{answer}"',
  answerNotPieceLength: '"{answer}" is not a piece length: give bytes, or a number with K or M, such as 256K, or nothing',
  answerNotInList: '"{answer}" is not a number from 1 to {count}',
  inputEnded: "the input ended before the last question was answered",
  // What the tracker knows.
  otherPieceLengthTaken: 'The piece length of "{name}" is {offered}, not {wanted}; taking the one that is offered.',
  severalOfThatName: 'Several contents are called "{name}":',
  // Progress.
  hashing: "hashing {name}",
  findingPeers: "looking for peers",
  fetchingManifest: "fetching the description",
  checking: "checking what is there",
  downloading: "downloading",
  finishing: "finishing",
  verified: "{verified} of {total}",
  rate: "{rate}/s",
  eta: "ETA {time}",
  onePeer: "1 peer",
  manyPeers: "{count} peers",
  // Results.
  shared: 'shared "{name}": {size}, {pieces} x {pieceLength}',
  sharedId: "content id: {id}",
  sharedLink: "link: {link}",
  sharedCommand: "to fetch it: {command}",
  skipped: "not shared, for they are neither files nor directories: {paths}",
  andMore: "and {count} more",
  serving: "serving on {address} until Ctrl-C",
  saved: "saved: {path}",
  savedSummary: "{size}, every byte verified; {received} received, {resumed} there before",
  savedFrom: "from {address}: {size}, pieces: {pieces}",
} as const;

/** The name of a message. */
export type MessageKey = keyof typeof english;
export type Messages = Readonly<Record<MessageKey, string>>;

const vietnamese: Messages = {
  askMode: "Chọn chế độ (1: Upload, 2: Download): ",
  askPort: "Nhập port cho peer server (để trống hoặc 0 = tự chọn): ",
  askPath: "Nhập đường dẫn file để upload: ",
  askName: "Nhập tên của file cần tải: ",
  askPieceLength: "Nhập piece_length (để trống = theo bên chia sẻ): ",
  askOutput: "Nhập tên file để lưu (để trống = giữ nguyên tên): ",
  askMethod: "Chọn phương thức tải file:\n1. Tải file từ một peer\n2. Tải file từ nhiều peers\nNhập lựa chọn (1/2): ",
  askWhich: "Chọn file nào (1-{count})? ",
  answerNotOneOrTwo: '"{answer}" không phải là 1 hoặc 2',
  answerNotPort: '"{answer}" không phải là port: hãy nhập một số từ 0 đến 65535, hoặc để trống',
  answerEmpty: "câu hỏi này cần được trả lời",
  answerNoSuchPath: 'không có file hoặc thư mục "{answer}"',
  answerNotPieceLength: '"{answer}" không phải là piece_length: hãy nhập số byte, hoặc một số kèm K hay M, ví dụ 256K, hoặc để trống',
  answerNotInList: '"{answer}" không phải là một số từ 1 đến {count}',
  inputEnded: "dữ liệu nhập kết thúc trước khi trả lời câu hỏi cuối cùng",
  otherPieceLengthTaken: 'piece_length của "{name}" là {offered}, không phải {wanted}; dùng giá trị của bên chia sẻ.',
  severalOfThatName: 'Có nhiều nội dung cùng tên "{name}":',
  hashing: "đang băm {name}",
  findingPeers: "đang tìm peer",
  fetchingManifest: "đang lấy mô tả",
  checking: "đang kiểm tra phần đã có",
  downloading: "đang tải",
  finishing: "đang hoàn tất",
  verified: "{verified} trên {total}",
  rate: "{rate}/giây",
  eta: "còn {time}",
  onePeer: "1 peer",
  manyPeers: "{count} peer",
  shared: 'đã chia sẻ "{name}": {size}, {pieces} x {pieceLength}',
  sharedId: "content id: {id}",
  sharedLink: "link: {link}",
  sharedCommand: "để tải về: {command}",
  skipped: "không chia sẻ, vì không phải là file hay thư mục: {paths}",
  andMore: "và {count} mục nữa",
  serving: "đang phục vụ tại {address}, nhấn Ctrl-C để dừng",
  saved: "đã lưu: {path}",
  savedSummary: "{size}, mọi byte đã được kiểm tra; nhận {received}, có sẵn {resumed}",
  savedFrom: "từ {address}: {size}, {pieces} mảnh",
};

export const LANGUAGES = ["en", "vi"] as const;
export type Language = (typeof LANGUAGES)[number];

/** The one table of messages. */
export const MESSAGES: Readonly<Record<Language, Messages>> = { en: english, vi: vietnamese };

/** Puts values in the places of `{word}`. */
export const fillMessage = (message: string, values: Readonly<Record<string, string | number>>): string =>
  message.replace(/\{(\w+)\}/g, (place, word: string) => String(values[word] ?? place));

/** The language of the locale, by the variables that POSIX gives, the strongest first. */
export function languageOfLocale(env: Readonly<Record<string, string | undefined>>): Language {
  const locale = [env.LC_ALL, env.LC_MESSAGES, env.LANG].find((value) => value !== undefined && value !== "") ?? "";
  return /^vi(?:$|[_.@-])/i.test(locale) ? "vi" : "en";
}
