// Uploads through the server, streamed on to S3 by multer-s3.

import { GetObjectCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import express from 'express'
import multer from 'multer'
import multerS3 from 'multer-s3'

import { authenticate, Bucket, s3 } from './s3.js'

const app = express()
const storage = multerS3({
  s3,
  bucket: Bucket,
  acl: 'bucket-owner-full-control', // its default is refused by every bucket made since 2023
  contentType: multerS3.AUTO_CONTENT_TYPE,
  key: (req, _file, cb) => cb(null, `baseline/${req.user.sub}`)
})
const upload = multer({ storage, limits: { fileSize: 5 * 1024 * 1024 } })

app.post('/avatar', authenticate, upload.single('avatar'), async (req, res) => {
  const Key = req.file.key
  res.json({ url: await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key })) })
})

app.listen(process.env.PORT, '127.0.0.1')
