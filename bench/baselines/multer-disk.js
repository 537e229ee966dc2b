// Uploads through the server, the oldest way: multer to the disk, then a PutObject from there.

import { createReadStream } from 'node:fs'
import { unlink } from 'node:fs/promises'

import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import express from 'express'
import multer from 'multer'

import { authenticate, Bucket, s3 } from './s3.js'

const app = express()
const upload = multer({ dest: process.env.UPLOADS, limits: { fileSize: 5 * 1024 * 1024 } })

app.post('/avatar', authenticate, upload.single('avatar'), async (req, res) => {
  const Key = `baseline/${req.user.sub}`
  const { path, size, mimetype } = req.file
  await s3.send(
    new PutObjectCommand({
      Bucket,
      Key,
      Body: createReadStream(path),
      ContentLength: size,
      ContentType: mimetype
    })
  )
  await unlink(path)
  res.json({ url: await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key })) })
})

app.listen(process.env.PORT, '127.0.0.1')
