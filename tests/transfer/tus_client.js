// Uploads a file with tus-js-client, and prints its progress as lines of JSON. The argument is an object in JSON.
import { createReadStream, statSync } from 'node:fs';
import { FileUrlStorage, Upload } from 'tus-js-client';

const { endpoint, token, file, urls, chunkSize } = JSON.parse(process.argv[2]);
const print = (line, then) => process.stdout.write(`${JSON.stringify(line)}\n`, then);
/** Print the last line and end, also if a refused request was not sent as a whole: its socket would stay open. */
const end = (line) => print(line, () => process.exit());

const upload = new Upload(createReadStream(file), {
  endpoint,
  headers: { Authorization: `Bearer ${token}` },
  uploadSize: statSync(file).size,
  chunkSize: chunkSize ?? Infinity,
  metadata: { filename: 'film.pdf', filetype: 'application/pdf' },
  retryDelays: [50, 100, 200, 400, 800, 1600, 3200, 6400],
  urlStorage: new FileUrlStorage(urls),
  fingerprint: async () => 'film',
  onProgress: (sent) => print({ sent }),
  onShouldRetry: (error) => {
    print({ retried: error.originalResponse?.getStatus() ?? null });
    return true;
  },
  onError: (error) => end({ failed: String(error), status: error.originalResponse?.getStatus() ?? null }),
  onSuccess: () => end({ url: upload.url }),
});

const [previous] = await upload.findPreviousUploads();
if (previous) upload.resumeFromPreviousUpload(previous);
upload.start();
