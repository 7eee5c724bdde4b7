// Walks through what tus-js-client does with an upload, and tells on standard output, a line of JSON each, what came of it.
//
// Called as `node walk.mjs <what>`, with the server in EPIC_URL and an access token in EPIC_TOKEN. The client is a package
// of its own and lies in .tools/tus, where scripts/test puts it.

import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'

const require = createRequire(new URL('../../.tools/tus/', import.meta.url))
const tus = require('tus-js-client')

const MIB = 1024 * 1024
const { EPIC_URL, EPIC_TOKEN } = process.env

// Bytes that are different everywhere and the same in every run.
function content(name, length) {
  const blocks = []
  for (let index = 0; index * 32 < length; index += 1) {
    blocks.push(createHash('sha256').update(`${name} ${index}`).digest())
  }
  return Buffer.concat(blocks).subarray(0, length)
}

const base64url = (bytes) => Buffer.from(bytes).toString('base64url')

function tell(name, bytes, more = {}) {
  const sha256 = createHash('sha256').update(bytes).digest('base64url')
  console.log(JSON.stringify({ name: base64url(name), size: bytes.length, sha256, ...more }))
}

function options(name, more) {
  return {
    endpoint: `${EPIC_URL}/api/uploads`,
    headers: { Authorization: `Bearer ${EPIC_TOKEN}` },
    metadata: { encrypted_filename: base64url(name), encrypted_data_key: base64url('a wrapped key') },
    parallelUploads: 1,
    retryDelays: null,
    ...more,
  }
}

// One client object at work, until it is done or `until` says that it is enough.
function upload(name, bytes, more = {}, until = () => false) {
  return new Promise((resolve, reject) => {
    const client = new tus.Upload(bytes, options(name, {
      onError: reject,
      onSuccess: () => resolve(client),
      onChunkComplete: (_, accepted) => {
        if (until(accepted)) client.abort().then(() => resolve(client), reject)
      },
      ...more,
    }))
    client.start()
  })
}

const stories = {
  async plain() {
    const bytes = content('plain', 3 * MIB + 1)
    const client = await upload('plain', bytes)
    tell('plain', bytes, { upload_url: client.url })
  },

  async chunks() {
    const bytes = content('chunks', 3 * MIB + 1)
    await upload('chunks', bytes, { chunkSize: MIB })
    tell('chunks', bytes)
  },

  async empty() {
    await upload('empty', Buffer.alloc(0))
    tell('empty', Buffer.alloc(0))
  },

  async digest() {
    const bytes = content('digest', MIB)
    const sha256 = createHash('sha256').update(bytes).digest('base64url')
    const { metadata } = options('digest')
    await upload('digest', bytes, { metadata: { ...metadata, sha256 } })
    tell('digest', bytes)
  },

  // A second client object, which knows the upload's address alone, goes on with what the first one left.
  async pause() {
    const bytes = content('pause', 4 * MIB)
    const paused = await upload('pause', bytes, { chunkSize: MIB }, (accepted) => accepted >= 2 * MIB)
    const seen = []
    await upload('pause', bytes, {
      uploadUrl: paused.url,
      endpoint: undefined,
      onBeforeRequest: (request) => { seen.push(request.getMethod()) },
    })
    tell('pause', bytes, { seen })
  },

  async abort() {
    const bytes = content('abort', 4 * MIB)
    const paused = await upload('abort', bytes, { chunkSize: MIB }, (accepted) => accepted >= MIB)
    await paused.abort(true)
    console.log(JSON.stringify({ gone: paused.url }))
  },

  // Says when the first piece is there; somebody then kills the server and starts it again.
  async survive() {
    const bytes = content('survive', 24 * MIB)
    let pieces = 0
    await upload('survive', bytes, {
      chunkSize: MIB,
      retryDelays: Array(50).fill(200),
      onChunkComplete: () => {
        pieces += 1
        if (pieces === 3) console.log(JSON.stringify({ kill: 'now' }))
      },
    })
    tell('survive', bytes)
  },

  // What the server refuses reaches whoever uses the client, with its status.
  async refused() {
    const { metadata } = options('refused')
    const error = await upload('refused', content('refused', 10), {
      metadata: { ...metadata, unknown: 'field' },
    }).then(() => null, (error) => error)
    console.log(JSON.stringify({ refused: error?.originalResponse?.getStatus() }))
  },
}

for (const name of process.argv.slice(2)) {
  await stories[name]()
}
